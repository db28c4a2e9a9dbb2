// Build options and #include directives as both ends read them.
#include "check.hpp"
#include "wire/includes.hpp"

using namespace cenote::wire;  // NOLINT: a test

namespace {

std::string operands(std::string_view text) {
  std::string all;
  for (const Include& include : find_includes(text)) {
    if (include.form != 0) all += include.form;
    all.append(text.substr(include.begin, include.end - include.begin)).append(";");
  }
  return all;
}

void includes() {
  CHECK(operands("#include \"a.h\"\n") == "\"a.h;");
  CHECK(operands("int x;\n  # /* why */ include /* here */ <b/c.h> // yes") == "<b/c.h;");
  CHECK(operands("%:include \"d\"") == "\"d;");
  CHECK(operands("#inc\n#includes\n#define include \"x\"\n").empty());
  CHECK(operands("#include \\\n \"joined.h\"") == "\"joined.h;");
  CHECK(operands("#include M2S(A/b.h)\n#include NAME") == "M2S(A/b.h);NAME;");
  CHECK(operands("#if __has_include(\"e.h\") || __has_include( <f.h> )\n") == "\"e.h;<f.h;");
  CHECK(operands("#include \"never closed\n#include <g.h>") == "\"never closed;<g.h;");
  CHECK(operands("#").empty());
  CHECK(operands("#include").empty());
  CHECK(operands("/* never closed").empty());
  CHECK(operands("").empty());
}

void options() {
  auto found = find_path_options("-cl-std=CL2.0 -I one -Itwo -I \"three four\" -D A=/b -DC -D D='e f' -Werror -I");
  CHECK(found.size() == 6);
  CHECK(found[0].kind == PathOption::kFolder && found[0].value == "one" && found[0].flag == "-I");
  CHECK(found[1].value == "two");
  CHECK(found[2].value == "three four");
  CHECK(found[3].kind == PathOption::kMacro && found[3].name == "A" && found[3].value == "/b");
  CHECK(found[4].name == "C" && found[4].value == "1");
  CHECK(found[5].value == "e f");
  CHECK(find_path_options("-include x.h")[0].kind == PathOption::kFile);
  CHECK(find_path_options("").empty());
}

void paths() {
  CHECK(absolute_path("/a/b", "../c/./d//e") == "/a/c/d/e");
  CHECK(absolute_path("/a", "/x/../../../y") == "/y");
  CHECK(absolute_path("/", "") == "/");
  CHECK(folder_of("/a/b.h") == "/a");
  CHECK(folder_of("/b.h") == "/");
  CHECK(leaves_folder("/etc/passwd"));
  CHECK(leaves_folder("a/../../b"));
  CHECK(leaves_folder(".."));
  CHECK(!leaves_folder("a..b/c.h"));
}

}  // namespace

int main() {
  includes();
  options();
  paths();
  return cenote::test::result();
}
