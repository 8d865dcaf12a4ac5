# SPDX-License-Identifier: Apache-2.0
"""The co_await rule: a statement of its own, the whole initialiser of a named variable, or under co_return.

Compilers miscompile other forms silently (g++ 12: branches skipped, temporaries destroyed twice), and plain forms
read better anyway. The check is a text search over one statement at a time; the sanitizers are the net below it.
"""
import re

from checks.cpp import closing, line_of
from checks.tree import Finding

_CONTROL = re.compile(r"\b(if|while|for|switch)\s*(?:constexpr\s*)?\(")
_AWAIT = re.compile(r"\bco_await\b")
_PLAIN = re.compile(
    r"(?:^|[;{}:]|\belse|\bdo|\bco_return|[\w\]>)]\s*=|\(void\))\s*$|\)\s*$")
# An initialiser in braces, not a block: an identifier, '=', ',' or '(' stands before the brace.
_BRACED = re.compile(r"(?:[\w\]]|[=,({])\s*$")
_BLOCK_WORD = re.compile(r"(?:\b(?:else|do|try|const|noexcept|mutable|override|final)|->\s*[\w:<>,\s*&]+)\s*$")


def check(file):
    code = file.code
    if "co_await" not in code:
        return
    conditions = list(_conditions(code))
    for match in _AWAIT.finditer(code):
        at = match.start()
        problem = _problem(code, at, conditions)
        if problem:
            yield Finding(file.path, line_of(code, at), *problem)


def _conditions(code):
    """(start, end) of every condition; the initialiser of `if (init; condition)` is not part of it."""
    for match in _CONTROL.finditer(code):
        begin = match.end() - 1
        end = closing(code, begin)
        inner = code[begin + 1:end]
        if match.group(1) in ("if", "switch") and ";" in inner:
            begin += inner.rindex(";") + 1
        yield begin, end


def _problem(code, at, conditions):
    if any(begin < at < end and not _in_lambda(code, begin, at) for begin, end in conditions):
        return "await-condition", "co_await in a condition: `const bool ok = co_await f();` first, then `if (ok)`"
    start = max(code.rfind(mark, 0, at) for mark in ";{}") + 1
    before, after = code[start:at], code[at:_statement_end(code, at)]
    if _is_ternary(before) or re.search(r"\?[^;]*:", _flat(after)):
        return "await-ternary", "co_await with ?: - write if and else"
    if start > 0 and code[start - 1] == "{" and not before.strip() and _is_braced(code[:start - 1]):
        return "await-braces", "co_await in a braced initialiser: a named variable for each await"
    if not _PLAIN.search(before):
        return "await-plain", ("co_await inside an expression: make it a statement, a named variable's whole "
                               "initialiser or the operand of co_return")
    if re.search(r"[(,]\s*\{|\{\s*\.\s*[a-z_]", after):
        return "await-temporary", "braces as an argument of co_await: name the value, then pass it"
    if re.search(r"[(,]\s*\[[^\]]*\]\s*[({]", after):
        return "await-lambda", "a lambda as an argument of co_await: name it, then pass it"
    return None


def _is_ternary(before):
    return re.search(r"\?[^?]*$", before) is not None


def _is_braced(before):
    return _BRACED.search(before) is not None and _BLOCK_WORD.search(before) is None


def _in_lambda(code, begin, at):
    """Is there a block (a lambda's body) between the condition's start and the co_await?"""
    between = code[begin:at]
    return between.count("{") > between.count("}")


def _statement_end(code, at):
    """The ';' that ends the statement, or the bracket that closes what it stands in."""
    depth = 0
    for position in range(at, len(code)):
        if code[position] in "([{":
            depth += 1
        elif code[position] in ")]}":
            depth -= 1
            if depth < 0:
                return position
        elif code[position] == ";" and depth == 0:
            return position
    return len(code)


def _flat(statement):
    """The statement without what stands in its brackets."""
    flat, depth = [], 0
    for mark in statement:
        if mark in "([{":
            depth += 1
        elif mark in ")]}":
            depth -= 1
        elif depth == 0:
            flat.append(mark)
    return "".join(flat)
