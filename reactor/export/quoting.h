// Writes texts in the languages of engines, so that they are read back unchanged.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thermos {

// Return one word of bash, and several with spaces between them. They can't contain NUL.
std::string shell_word(std::string_view word);
std::string shell_words(const std::vector<std::string>& words);

// Returns a scalar of YAML: plain if it can only be read as a text, else in double quotes.
// REQUIRES: UTF-8.
std::string yaml_text(std::string_view text);
// Returns the value of a key whose line is indented by `indent` spaces: a block with the text's own
// lines if YAML keeps them unchanged, else yaml_text(). Ends with a newline. REQUIRES: UTF-8.
std::string yaml_block(std::string_view text, std::size_t indent);
// Returns an element of a container's `args`, in which $(NAME) is escaped, because Kubernetes would
// expand it.
std::string kubernetes_argument(std::string_view text);

// Returns a string of HCL, in quotes. REQUIRES: UTF-8.
std::string hcl_text(std::string_view text);
// Returns a heredoc with the lines of `text`: "<<NAME\n...NAME\n". If a heredoc can't hold `text`
// (no newline at its end, or odd characters), returns hcl_text() and a newline. REQUIRES: UTF-8.
std::string hcl_heredoc(std::string_view text);

// Return a word of a command in a unit; a path in a list of paths; and the value of a setting that
// is a single text.
std::string systemd_word(std::string_view word);
std::string systemd_path(std::string_view path);
std::string systemd_setting(std::string_view text);

// Returns `name` reduced to a name that an engine allows for a job: it has only letters, digits,
// '-' and the characters in `others`, begins and ends with a letter or digit, is in lower case if
// `lower` is true, and has at most `most` bytes. Returns "task" if no character is left.
std::string plain_name(std::string_view name, std::string_view others, bool lower,
                       std::size_t most);

// Returns `text` with each @KEY@ replaced by its value. A @KEY@ inside a value is not replaced.
using Values = std::vector<std::pair<std::string_view, std::string>>;
std::string filled(std::string_view text, const Values& values);

}  // namespace thermos
