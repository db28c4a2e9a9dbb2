#include "wire/log.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace cenote {

namespace {

const char* name = "cenote";
LogLevel default_level = LogLevel::kError;

LogLevel level() {
  static const LogLevel chosen = [] {
    const char* asked = std::getenv("CENOTE_LOG");
    if (asked == nullptr || *asked == '\0') return default_level;
    if (std::strcmp(asked, "off") == 0) return LogLevel::kOff;
    if (std::strcmp(asked, "error") == 0) return LogLevel::kError;
    return std::strcmp(asked, "debug") == 0 ? LogLevel::kDebug : LogLevel::kInfo;
  }();
  return chosen;
}

void write_line(const char* format, va_list arguments) {
  char line[1024];
  int head = std::snprintf(line, sizeof line, "%s: ", name);
  int n = std::vsnprintf(line + head, sizeof line - static_cast<size_t>(head) - 1, format, arguments);
  size_t size = std::min(static_cast<size_t>(head + std::max(n, 0)), sizeof line - 2);
  line[size] = '\n';
  if (write(STDERR_FILENO, line, size + 1) < 0) return;
}

}  // namespace

void set_log_defaults(const char* line_name, LogLevel level) {
  name = line_name;
  default_level = level;
}

#define CENOTE_LOG_AT(function, at)        \
  void function(const char* format, ...) { \
    if (level() < (at)) return;            \
    va_list arguments;                     \
    va_start(arguments, format);           \
    write_line(format, arguments);         \
    va_end(arguments);                     \
  }

CENOTE_LOG_AT(log_error, LogLevel::kError)
CENOTE_LOG_AT(log_info, LogLevel::kInfo)
CENOTE_LOG_AT(log_debug, LogLevel::kDebug)

}  // namespace cenote
