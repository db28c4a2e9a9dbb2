// A readable log on stderr: CENOTE_LOG=off, error, info or debug.
#pragma once

namespace cenote {

enum class LogLevel { kOff, kError, kInfo, kDebug };

/// Name ahead of each line, and the level where CENOTE_LOG says nothing. Before the first line, if at all.
void set_log_defaults(const char* name, LogLevel level);

__attribute__((format(printf, 1, 2))) void log_error(const char* format, ...);
__attribute__((format(printf, 1, 2))) void log_info(const char* format, ...);
__attribute__((format(printf, 1, 2))) void log_debug(const char* format, ...);

}  // namespace cenote
