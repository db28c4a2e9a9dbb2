#include "null/kernel_text.hpp"

#include <array>
#include <cctype>
#include <charconv>
#include <utility>

namespace cenote::null {
namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// The source without comments, literals and preprocessor lines.
std::string code_of(std::string_view source) {
  std::string code;
  code.reserve(source.size());
  bool line_start = true;
  for (size_t i = 0; i < source.size();) {
    char c = source[i];
    if (source.substr(i, 2) == "//" || (c == '#' && line_start)) {
      while (i < source.size() && source[i] != '\n') i += source[i] == '\\' ? 2 : 1;
    } else if (source.substr(i, 2) == "/*") {
      size_t end = source.find("*/", i + 2);
      i = end == std::string_view::npos ? source.size() : end + 2;
      code += ' ';
    } else if (c == '"' || c == '\'') {
      for (++i; i < source.size() && source[i] != c; ++i) i += source[i] == '\\' ? 1 : 0;
      ++i;
    } else {
      if (c == '\n') {
        line_start = true;
      } else if (std::isspace(static_cast<unsigned char>(c)) == 0) {
        line_start = false;
      }
      code += c;
      ++i;
    }
  }
  return code;
}

/// Words and single characters of code, one after the other.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : text_(text) {}

  std::string_view next() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
    size_t begin = at_;
    if (at_ < text_.size()) ++at_;
    if (begin < at_ && is_word(text_[begin])) {
      while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    }
    return text_.substr(begin, at_ - begin);
  }
  std::string_view peek() {
    size_t at = at_;
    std::string_view token = next();
    at_ = at;
    return token;
  }
  /// What stands in the parentheses that come next; empty where none do.
  std::string_view parenthesized() {
    if (peek() != "(") return {};
    next();
    size_t begin = at_;
    for (int depth = 1; at_ < text_.size(); ++at_) {
      depth += text_[at_] == '(' ? 1 : text_[at_] == ')' ? -1 : 0;
      if (depth == 0) return text_.substr(begin, at_++ - begin);
    }
    return {};
  }

 private:
  std::string_view text_;
  size_t at_ = 0;
};

struct Plain {
  std::string_view name;
  size_t size;
};
constexpr Plain kPlainTypes[] = {{"char", 1},   {"uchar", 1},  {"short", 2},     {"ushort", 2},   {"int", 4},
                                 {"uint", 4},   {"long", 8},   {"ulong", 8},     {"half", 2},     {"float", 4},
                                 {"double", 8}, {"size_t", 8}, {"ptrdiff_t", 8}, {"intptr_t", 8}, {"uintptr_t", 8}};

/// Size of a scalar or vector type, 0 for all others.
size_t size_of(std::string_view type) {
  for (const Plain& plain : kPlainTypes) {
    if (!type.starts_with(plain.name)) continue;
    std::string_view suffix = type.substr(plain.name.size());
    if (suffix.empty()) return plain.size;
    for (auto [text, count] : {std::pair{"2", 2}, {"3", 4}, {"4", 4}, {"8", 8}, {"16", 16}}) {
      if (suffix == text) return plain.size * count;
    }
  }
  return 0;
}

/// Takes one qualifier of a parameter; false where the word is none.
bool take_qualifier(std::string_view word, ArgText& arg) {
  std::string_view bare = word.starts_with("__") ? word.substr(2) : word;
  if (bare == "global") {
    arg.address = CL_KERNEL_ARG_ADDRESS_GLOBAL;
  } else if (bare == "constant") {
    arg.address = CL_KERNEL_ARG_ADDRESS_CONSTANT;
    arg.qualifier |= CL_KERNEL_ARG_TYPE_CONST;
  } else if (bare == "local") {
    arg.address = CL_KERNEL_ARG_ADDRESS_LOCAL;
  } else if (bare == "read_only") {
    arg.access = CL_KERNEL_ARG_ACCESS_READ_ONLY;
  } else if (bare == "write_only") {
    arg.access = CL_KERNEL_ARG_ACCESS_WRITE_ONLY;
  } else if (bare == "read_write") {
    arg.access = CL_KERNEL_ARG_ACCESS_READ_WRITE;
  } else if (bare == "const") {
    arg.qualifier |= CL_KERNEL_ARG_TYPE_CONST;
  } else if (bare == "volatile") {
    arg.qualifier |= CL_KERNEL_ARG_TYPE_VOLATILE;
  } else if (bare == "restrict") {
    arg.qualifier |= CL_KERNEL_ARG_TYPE_RESTRICT;
  } else if (bare == "pipe") {
    arg.qualifier |= CL_KERNEL_ARG_TYPE_PIPE;
  } else {
    return bare == "private" || bare == "struct";
  }
  return true;
}

ArgText parse_arg(std::string_view text) {
  ArgText arg;
  std::vector<std::string_view> words;
  bool is_pointer = false;
  Tokens tokens(text);
  for (std::string_view t = tokens.next(); !t.empty(); t = tokens.next()) {
    if (t == "__attribute__") {
      tokens.parenthesized();
    } else if (t == "*" || t == "[") {
      is_pointer = true;
    } else if (is_word(t[0]) && !take_qualifier(t, arg)) {
      words.push_back(t);
    }
  }
  if (words.size() > 1) {
    arg.name = words.back();
    words.pop_back();
  }
  bool is_unsigned = false;
  for (std::string_view word : words) {
    if (word == "unsigned") {
      is_unsigned = true;
    } else {
      arg.type = word;
    }
  }
  if (is_unsigned) arg.type = "u" + (arg.type.empty() ? "int" : arg.type);
  if (is_pointer) {
    arg.type += '*';
    arg.kind = arg.address == CL_KERNEL_ARG_ADDRESS_LOCAL ? ArgText::kLocal : ArgText::kMemory;
    arg.size = sizeof(void*);
  } else if (arg.type.starts_with("image") || (arg.qualifier & CL_KERNEL_ARG_TYPE_PIPE) != 0) {
    arg.kind = ArgText::kMemory;
    arg.size = sizeof(cl_mem);
    arg.address = CL_KERNEL_ARG_ADDRESS_GLOBAL;
    if (arg.access == CL_KERNEL_ARG_ACCESS_NONE) arg.access = CL_KERNEL_ARG_ACCESS_READ_ONLY;
  } else if (arg.type == "sampler_t") {
    arg.kind = ArgText::kSampler;
    arg.size = sizeof(cl_sampler);
  } else {
    arg.size = arg.type == "queue_t" ? sizeof(cl_command_queue) : size_of(arg.type);
  }
  return arg;
}

std::vector<ArgText> parse_args(std::string_view text) {
  std::vector<ArgText> args;
  size_t begin = 0;
  int depth = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size()) depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
    if (i < text.size() && (text[i] != ',' || depth != 0)) continue;
    ArgText arg = parse_arg(text.substr(begin, i - begin));
    if (!arg.type.empty() && (arg.type != "void")) args.push_back(std::move(arg));
    begin = i + 1;
  }
  return args;
}

void take_attribute(std::string_view text, KernelText& kernel) {
  while (text.starts_with('(') && text.ends_with(')')) text = text.substr(1, text.size() - 2);
  if (!kernel.attributes.empty()) kernel.attributes += ' ';
  kernel.attributes += text;
  Tokens tokens(text);
  if (tokens.next() != "reqd_work_group_size") return;
  Tokens sizes(tokens.parenthesized());
  for (size_t& size : kernel.required_size) {
    std::string_view number = sizes.next();
    std::from_chars(number.data(), number.data() + number.size(), size);
    sizes.next();
  }
}

}  // namespace

std::vector<KernelText> kernels_in_source(std::string_view source) {
  std::vector<KernelText> kernels;
  std::string code = code_of(source);
  Tokens tokens(code);
  for (std::string_view t = tokens.next(); !t.empty(); t = tokens.next()) {
    if (t != "kernel" && t != "__kernel") continue;
    KernelText kernel;
    std::string_view word = tokens.next();
    while (word == "__attribute__" || word == "void") {
      if (word == "__attribute__") take_attribute(tokens.parenthesized(), kernel);
      word = tokens.next();
    }
    if (word.empty() || !is_word(word[0]) || tokens.peek() != "(") continue;
    kernel.name = word;
    kernel.args = parse_args(tokens.parenthesized());
    bool known = false;  // a declaration may come before the definition
    for (const KernelText& other : kernels) known = known || other.name == kernel.name;
    if (!known) kernels.push_back(std::move(kernel));
  }
  return kernels;
}

}  // namespace cenote::null
