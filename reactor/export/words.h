// Texts as the languages of engines write them, so that each is read back as it was.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thermos {

// A word of bash; and several, with spaces between them. NUL can't be in them.
std::string shell_word(std::string_view word);
std::string shell_words(const std::vector<std::string>& words);

// A scalar of YAML: plain where it can only be read as a text, else in double quotes. REQUIRES:
// UTF-8.
std::string yaml_text(std::string_view text);
// The value of a key whose line has `indent` spaces before it: a block with the text's own lines
// where YAML lets those be, else yaml_text(). Ends with a newline. REQUIRES: UTF-8.
std::string yaml_block(std::string_view text, std::size_t indent);
// An element of a container's `args`, which Kubernetes would else expand: $(NAME).
std::string kubernetes_argument(std::string_view text);

// A string of HCL, in quotes. REQUIRES: UTF-8.
std::string hcl_text(std::string_view text);
// A heredoc with these lines, which end with a newline: "<<NAME\n...NAME\n". REQUIRES: UTF-8.
std::string hcl_heredoc(std::string_view text);

// A word of a command in a unit; a path in a list of them; and the value of a setting that is one
// text.
std::string systemd_word(std::string_view word);
std::string systemd_path(std::string_view path);
std::string systemd_setting(std::string_view text);

// `name` as an engine lets a job be called: letters, digits, '-', and what `others` has; it begins
// and ends with a letter or digit, in lower case where `lower` is true, and has at most `most`
// bytes. "task" where nothing of it is left.
std::string plain_name(std::string_view name, std::string_view others, bool lower,
                       std::size_t most);

// `text` with each @KEY@ replaced by its value. Values are not looked into.
using Values = std::vector<std::pair<std::string_view, std::string>>;
std::string filled(std::string_view text, const Values& values);

}  // namespace thermos
