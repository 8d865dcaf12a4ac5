# SPDX-License-Identifier: Apache-2.0
"""As much C++ as a style check needs: blanking comments and literals, finding functions."""
import dataclasses
import re

_TOKENS = re.compile(
    r"""//(?:\\\n|[^\n])*"""                               # line comment
    r"""|/\*.*?\*/"""                                      # block comment
    r"""|R"(?P<mark>[^()\s\\]{0,16})\(.*?\)(?P=mark)\""""  # raw string
    r"""|"(?:\\.|[^"\\\n])*\""""                           # string
    r"""|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'""",           # character, but not the digit separator of 1'000
    re.DOTALL | re.VERBOSE)
_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include\b.*$", re.MULTILINE)


def strip(text):
    """Blanks comments and what stands in literals; keeps #include lines, every newline and every position."""
    kept = [(m.start(), m.end()) for m in _INCLUDE.finditer(text)]

    def blank(match):
        token = match.group()
        if any(start <= match.start() < end for start, end in kept) and not token.startswith("/"):
            return token
        inner = re.sub(r"[^\n]", " ", token)
        return inner if token.startswith("/") else token[0] + inner[1:-1] + token[-1]

    return _TOKENS.sub(blank, text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def closing(text, position):
    """The position of the bracket that closes the one at `position`; the text's end if there is none."""
    pairs = {"(": ")", "[": "]", "{": "}"}
    stack = []
    for at in range(position, len(text)):
        if text[at] in pairs:
            stack.append(pairs[text[at]])
        elif stack and text[at] == stack[-1]:
            stack.pop()
            if not stack:
                return at
    return len(text)


@dataclasses.dataclass
class Function:
    name: str
    first_line: int
    last_line: int

    @property
    def lines(self):
        return self.last_line - self.first_line + 1


_DIRECTIVE = re.compile(r"^[ \t]*#(?:\\\n|[^\n])*", re.MULTILINE)
_CONTAINER = re.compile(r"\b(?:namespace|class|struct|union|enum|extern)\b")
_NAME = re.compile(r"((?:[\w:]+::)?operator\s*(?:\(\s*\)|[^\w(]+|[\w:]+)|[~\w:]+)\s*\(")
# A constructor's header that ends before a member's braces: `A::A(int a) : a_`
_MEMBER_BRACES = re.compile(r"\)[\s\w]*(?<!:):(?!:)[^;]*[\w>]\s*$")


def functions(code):
    """Outermost function bodies of stripped code. Nothing when the braces do not balance (an #if between them)."""
    code = _DIRECTIVE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), code)
    found, stack, start, depth = [], [], 0, 0
    for match in re.finditer(r"[{};()]", code):
        mark, at = match.group(), match.start()
        if mark in "()":
            depth += 1 if mark == "(" else -1
        elif mark == "{":
            header = code[start:at]
            inside = any(kind == "function" for kind, *_ in stack)
            stack.append((_kind(header, depth, inside), header, start))
            start = at + 1
        elif mark == "}":
            if not stack:
                return []
            kind, header, begin = stack.pop()
            if kind == "function":
                name = _NAME.search(header)
                first = begin + len(header) - len(header.lstrip())
                found.append(Function(name.group(1) if name else "?", line_of(code, first), line_of(code, at)))
            start = begin if kind == "member" else at + 1
        elif depth == 0:
            start = at + 1
    return found if not stack else []


def _kind(header, depth, inside_function):
    if inside_function or depth > 0:
        return "inner"
    if _MEMBER_BRACES.search(header):
        return "member"
    plain = re.sub(r"<[^<>;]*>", "", re.sub(r"\[\[.*?\]\]", "", header))
    before_arguments = plain.split("(")[0]
    if "(" not in plain:
        return "container" if _CONTAINER.search(plain) else "data"
    if _CONTAINER.search(before_arguments) and not re.search(r"\)\s*(?:const|noexcept|override|final|->.*)*\s*$", plain):
        return "container"
    return "data" if plain.rstrip().endswith(("=", ",", "(")) else "function"
