#include "reactor/cli/terminal_text.h"

#include <spdlog/fmt/fmt.h>

#include <clocale>
#include <ctime>
#include <cwchar>

#include <algorithm>

#include "core/base/seconds.h"
#include "core/base/text.h"
#include "core/base/utf8.h"

namespace thermos {
namespace {

constexpr std::string_view kCut = "…";

// A UTF-8 locale for wcwidth(), which would use the program's locale, "C".
class WidthLocale {
 public:
  WidthLocale() : locale_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (locale_ != nullptr) before_ = ::uselocale(locale_);
  }
  ~WidthLocale() {
    if (locale_ == nullptr) return;
    ::uselocale(before_);
    ::freelocale(locale_);
  }
  WidthLocale(const WidthLocale&) = delete;
  WidthLocale& operator=(const WidthLocale&) = delete;

  std::size_t width(char32_t c) const {
    if (c < 0x80 || locale_ == nullptr) return 1;
    return static_cast<std::size_t>(std::max(0, ::wcwidth(static_cast<wchar_t>(c))));
  }

 private:
  locale_t locale_;
  locale_t before_ = nullptr;
};

bool plain_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

// Returns the length of the colour sequence (ESC [ digits and ; m) at byte `at`; 0 if there is
// none.
std::size_t colour_at(std::string_view text, std::size_t at) {
  if (text.substr(at, 2) != "\x1b[") return 0;
  const std::size_t end = text.find_first_not_of("0123456789;", at + 2);
  return end != std::string_view::npos && text[end] == 'm' ? end + 1 - at : 0;
}

std::size_t width_without_colours(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t colour = colour_at(text, at);
    if (colour == 0) plain += text[at];
    at += std::max<std::size_t>(colour, 1);
  }
  return display_width(plain);
}

std::tm local_time(Microseconds wall) {
  const std::time_t seconds = wall / kSecond;
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  return parts;
}

std::string day_text(const std::tm& time, std::string_view between) {
  return fmt::format("{:04}{}{:02}{}{:02}", time.tm_year + 1900, between, time.tm_mon + 1, between,
                     time.tm_mday);
}

std::string hour_text(const std::tm& time, std::string_view between) {
  return fmt::format("{:02}{}{:02}{}{:02}", time.tm_hour, between, time.tm_min, between,
                     time.tm_sec);
}

}  // namespace

std::size_t display_width(std::string_view text) {
  if (plain_ascii(text)) return text.size();
  const WidthLocale locale;
  std::size_t width = 0;
  while (!text.empty()) {
    const Utf8Character character = utf8_character_at(text, 0);
    width += locale.width(character.code);
    text.remove_prefix(character.bytes);
  }
  return width;
}

std::string cut_end(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return {};
  const WidthLocale locale;
  std::string shown;
  std::size_t used = 1;  // the "…"
  while (!text.empty()) {
    const Utf8Character character = utf8_character_at(text, 0);
    used += locale.width(character.code);
    if (used > width) break;
    shown.append(text.substr(0, character.bytes));
    text.remove_prefix(character.bytes);
  }
  return shown.append(kCut);
}

std::string cut_line(std::string_view text, std::size_t width) {
  std::size_t used = 0;
  const WidthLocale locale;
  std::string shown;
  std::size_t fits = 0;  // bytes of `shown` that leave a column for the "…"
  bool coloured = false;
  for (std::size_t at = 0; at < text.size();) {
    if (const std::size_t colour = colour_at(text, at); colour > 0) {
      shown.append(text, at, colour);
      at += colour;
      coloured = true;
      continue;
    }
    const Utf8Character character = utf8_character_at(text, at);
    used += locale.width(character.code);
    if (used > width) {
      shown.resize(fits);
      if (width > 0) shown += kCut;
      return coloured ? shown + "\x1b[0m" : shown;
    }
    shown.append(text, at, character.bytes);
    if (used < width) fits = shown.size();
    at += character.bytes;
  }
  return shown;
}

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
  std::string lines;
  std::size_t used = 0;
  while (!text.empty()) {
    const std::size_t space = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, space);
    const std::size_t columns = width_without_colours(word);
    if (used > indent && used + 1 + columns > width) {
      lines.append("\n").append(indent, ' ');
      used = indent;
    } else if (!lines.empty()) {
      lines += ' ';
      ++used;
    }
    lines += word;
    used += columns;
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return lines;
}

std::string printable_colours(std::string_view line) {
  std::string shown;
  bool coloured = false;
  while (!line.empty()) {
    if (const std::size_t colour = colour_at(line, 0); colour > 0) {
      shown += line.substr(0, colour);
      line.remove_prefix(colour);
      coloured = true;
      continue;
    }
    if (line.front() == '\t') {
      shown += "    ";
      line.remove_prefix(1);
      continue;
    }
    std::size_t plain = 1;
    while (plain < line.size() && line[plain] != '\x1b' && line[plain] != '\t') ++plain;
    shown += printable(line.substr(0, plain));
    line.remove_prefix(plain);
  }
  return coloured ? shown + "\x1b[0m" : shown;
}

std::string cut_start(std::string_view text, std::size_t width) {
  std::size_t over = display_width(text);
  if (over <= width) return std::string(text);
  if (width == 0) return {};
  const WidthLocale locale;
  while (over + 1 > width) {
    const Utf8Character character = utf8_character_at(text, 0);
    over -= locale.width(character.code);
    text.remove_prefix(character.bytes);
  }
  return std::string(kCut).append(text);
}

std::string cut_middle(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  const std::string end = cut_start(text, (width + 1) / 2);
  std::string begin = cut_end(text, width - display_width(end) + 1);
  begin.resize(begin.size() - std::min(begin.size(), kCut.size()));
  return begin + end;
}

std::string pad_right(std::string_view text, std::size_t width) {
  std::string padded(text);
  const std::size_t has = display_width(text);
  if (has < width) padded.append(width - has, ' ');
  return padded;
}

std::string pad_left(std::string_view text, std::size_t width) {
  const std::size_t has = display_width(text);
  std::string padded(has < width ? width - has : 0, ' ');
  return padded.append(text);
}

std::string clock_text(Microseconds wall) {
  return hour_text(local_time(wall), ":") + fmt::format(".{:03}", wall % kSecond / 1000);
}

std::string since_text(Microseconds wall, Microseconds now) {
  constexpr Microseconds kDay = 86'400 * kSecond;
  const bool near = wall <= now ? now - wall < kDay : wall - now < kDay;
  const std::tm time = local_time(wall);
  return near ? hour_text(time, ":") : day_text(time, "-");
}

std::string timestamp_text(Microseconds wall) {
  const std::tm time = local_time(wall);
  return day_text(time, "-") + " " + hour_text(time, ":") + fmt::format(".{:06}", wall % kSecond);
}

std::string stamp_text(Microseconds wall) {
  const std::tm time = local_time(wall);
  return day_text(time, "") + "-" + hour_text(time, "") + fmt::format(".{:06}", wall % kSecond);
}

std::string in_seconds(Microseconds duration) {
  return seconds_text(duration) + " s";
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
  NearestWord nearest(word);
  for (const std::string& name : known) nearest.offer(name);
  return nearest.hint();
}

std::string rough_text(Microseconds duration) {
  duration = std::max<Microseconds>(duration, 0);
  if (duration < 60 * kSecond) return std::to_string(duration / kSecond) + " s";
  return duration_text(duration);
}

std::string left_text(Microseconds left) {
  return "about " + rough_text(left + kSecond - 1) + " left";
}

}  // namespace thermos
