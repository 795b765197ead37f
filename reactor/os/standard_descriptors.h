// Standard input, output and error of a program that was started without.
#pragma once

namespace thermos {

// Opens /dev/null for each of them that is closed. The next file to be opened would get its number,
// and output would be written into a checkpoint. To be called before anything is opened. Ends the
// program if that is not possible.
void fill_standard_descriptors();

}  // namespace thermos
