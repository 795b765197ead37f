// Opens standard input, output and error in a program that was started without them.
#pragma once

namespace thermos {

// Opens /dev/null for each of descriptors 0 to 2 that is closed. Otherwise the next opened file
// would get its number, and output would be written into a checkpoint. The program calls this
// before it opens anything. Exits the program (status 71) if /dev/null can't be opened.
void fill_standard_descriptors();

}  // namespace thermos
