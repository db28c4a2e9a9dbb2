#include "wire/includes.hpp"

#include <algorithm>

namespace cenote::wire {

namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f'; }

bool is_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

struct Token {
  size_t begin;
  size_t end;
  std::string value;  // without quotes
};

std::vector<Token> split(std::string_view options) {
  std::vector<Token> tokens;
  for (size_t at = 0; at < options.size();) {
    if (is_space(options[at])) {
      ++at;
      continue;
    }
    Token token{at, at, {}};
    char quote = 0;
    for (; at < options.size() && (quote != 0 || !is_space(options[at])); ++at) {
      char c = options[at];
      if (c == '\\' && quote != '\'' && at + 1 < options.size()) {
        token.value += options[++at];
      } else if (quote == 0 && (c == '"' || c == '\'')) {
        quote = c;
      } else if (c == quote) {
        quote = 0;
      } else {
        token.value += c;
      }
    }
    token.end = at;
    tokens.push_back(std::move(token));
  }
  return tokens;
}

struct Flag {
  std::string_view text;
  PathOption::Kind kind;
};

constexpr Flag kFlags[] = {
    {"-isystem", PathOption::kFolder}, {"-iquote", PathOption::kFolder}, {"-idirafter", PathOption::kFolder},
    {"-include", PathOption::kFile},   {"-imacros", PathOption::kFile},  {"-I", PathOption::kFolder},
    {"-D", PathOption::kMacro},
};

/// Past blanks, comments and joined lines; past the line's end only where a comment leads there.
size_t skip_blanks(std::string_view text, size_t at) {
  while (at < text.size()) {
    if (text[at] == ' ' || text[at] == '\t') {
      ++at;
    } else if (text.compare(at, 2, "\\\n") == 0) {
      at += 2;
    } else if (text.compare(at, 3, "\\\r\n") == 0) {
      at += 3;
    } else if (text.compare(at, 2, "/*") == 0) {
      size_t end = text.find("*/", at + 2);
      if (end == std::string_view::npos) return text.size();
      at = end + 2;
    } else {
      break;
    }
  }
  return at;
}

size_t end_of_line(std::string_view text, size_t at) {
  for (;;) {
    size_t end = text.find('\n', at);
    if (end == std::string_view::npos) return text.size();
    bool joined = (end > 0 && text[end - 1] == '\\') || (end > 1 && text[end - 1] == '\r' && text[end - 2] == '\\');
    if (!joined) return end;
    at = end + 1;
  }
}

Include operand(std::string_view text, size_t at, size_t line_end) {
  char close = at < line_end && text[at] == '"' ? '"' : at < line_end && text[at] == '<' ? '>' : '\0';
  if (close != 0) {
    size_t end = text.find(close, at + 1);
    if (end < line_end) return {at + 1, end, text[at]};
  }
  return {at, line_end, 0};
}

}  // namespace

std::vector<PathOption> find_path_options(std::string_view options) {
  std::vector<PathOption> found;
  std::vector<Token> tokens = split(options);
  for (size_t i = 0; i < tokens.size(); ++i) {
    const auto* flag = std::find_if(std::begin(kFlags), std::end(kFlags),
                                    [&](const Flag& f) { return tokens[i].value.rfind(f.text, 0) == 0; });
    if (flag == std::end(kFlags)) continue;
    PathOption option{flag->kind, tokens[i].begin, tokens[i].end, std::string(flag->text), {}, {}};
    option.value = tokens[i].value.substr(flag->text.size());
    if (option.value.empty()) {
      if (i + 1 == tokens.size()) break;
      option.value = tokens[++i].value;
      option.end = tokens[i].end;
    }
    if (option.kind == PathOption::kMacro) {
      size_t equals = option.value.find('=');
      option.name = option.value.substr(0, equals);
      option.value = equals == std::string::npos ? "1" : option.value.substr(equals + 1);
    }
    found.push_back(std::move(option));
  }
  return found;
}

std::vector<Include> find_includes(std::string_view text) {
  std::vector<Include> found;
  for (size_t line = 0; line < text.size();) {
    size_t line_end = end_of_line(text, line);
    size_t at = skip_blanks(text, line);
    line_end = std::max(line_end, end_of_line(text, std::min(at, text.size())));
    bool directive = at < text.size() && text[at] == '#';
    if (!directive && text.compare(std::min(at, text.size()), 2, "%:") == 0) {
      directive = true;
      ++at;
    }
    if (directive) {
      at = skip_blanks(text, at + 1);
      for (std::string_view word : {"include_next", "include", "import", "embed"}) {
        if (text.compare(std::min(at, text.size()), word.size(), word) != 0) continue;
        size_t after = skip_blanks(text, at + word.size());
        if (after == at + word.size() && after < text.size() && is_name(text[after])) continue;
        if (after < line_end) found.push_back(operand(text, after, line_end));
        break;
      }
    }
    line = line_end + 1;
  }
  constexpr std::string_view kAsks = "__has_include";
  for (size_t at = text.find(kAsks); at != std::string_view::npos; at = text.find(kAsks, at + 1)) {
    size_t open = text.find_first_of("(\n", at);
    if (open == std::string_view::npos || text[open] != '(') continue;
    size_t after = skip_blanks(text, open + 1);
    size_t close = std::min(text.find_first_of(")\n", after), text.size());
    found.push_back(operand(text, after, close));
  }
  std::sort(found.begin(), found.end(), [](const Include& a, const Include& b) { return a.begin < b.begin; });
  return found;
}

std::string absolute_path(std::string_view folder, std::string_view path) {
  std::string all;
  if (path.empty() || path[0] != '/') all.append(folder).append("/");
  all.append(path);
  std::vector<std::string_view> parts;
  std::string_view rest = all;
  while (!rest.empty()) {
    size_t slash = std::min(rest.find('/'), rest.size());
    std::string_view part = rest.substr(0, slash);
    rest.remove_prefix(std::min(slash + 1, rest.size()));
    if (part == ".." && !parts.empty()) parts.pop_back();
    if (!part.empty() && part != "." && part != "..") parts.push_back(part);
  }
  std::string whole;
  for (std::string_view part : parts) whole.append("/").append(part);
  return whole.empty() ? "/" : whole;
}

bool leaves_folder(std::string_view path) {
  if (!path.empty() && path[0] == '/') return true;
  while (!path.empty()) {
    size_t slash = std::min(path.find_first_of("/\\"), path.size());
    if (path.substr(0, slash) == "..") return true;
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return false;
}

std::string_view folder_of(std::string_view path) {
  size_t slash = path.rfind('/');
  return slash == std::string_view::npos || slash == 0 ? "/" : path.substr(0, slash);
}

std::string to_hex(const unsigned char* bytes, size_t size) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < size; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

}  // namespace cenote::wire
