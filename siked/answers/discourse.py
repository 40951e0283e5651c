"""Sentences that are no conclusion: greetings, checks, plans, and corrections of what was said."""

from __future__ import annotations

import re

PLEASANTRY = re.compile(
    r"^\W*(?:i\s+hope|hope\s+(?:this|that|it)|let\s+me\s+know|feel\s+free|please\s+(?:let|feel)|thank|great\s+(?:job|work)|good\s+(?:job|luck)"
    r"|you're\s+welcome|happy\s+to|if\s+you\s+have\s+any|is\s+there\s+anything|do\s+you\s+(?:have|need)|does\s+(?:that|this)\s+(?:help|make)"
    r"|have\s+a\s+(?:nice|great)|#spj|the\s+end\b|done\b|q\.?e\.?d)",
    re.IGNORECASE,
)
CHECK = re.compile(
    r"^\W*(?:check\b|checking\b|to\s+(?:check|verify|confirm)|verif|we\s+can\s+(?:check|verify|confirm)|let(?:'s|\s+us|\s+me)\s+(?:check|verify|double.check)"
    r"|this\s+(?:is\s+(?:because|correct|right|reasonable)|makes\s+sense|can\s+be\s+(?:checked|verified))|proof\b|note\b|explanation\b|reason(?:ing)?\b\s*:"
    r"|(?:that|it)\s+is\s+because|because\b|confidence\b|remember\b)",
    re.IGNORECASE,
)
UNFINISHED = re.compile(
    r"^\W*(?:let's|let\s+us|let\s+me|now,?\s+(?:we|let|i)\b|next\b|first,?\s+(?:we|let|i)\b|we\s+(?:need|have|must|want|can)\s+(?:to\b|now\b|find\b)|to\s+(?:find|get|solve|calculate|determine)\b"
    r"|i\s+(?:will|need|apologi|should|must)|sorry|the\s+(?:correct\s+)?(?:formula|equation|expression)\b)",
    re.IGNORECASE,
)
CORRECTION = re.compile(
    r"(?:^|[\s.,;:*(])(?:wait\b|actually,|oops|hold\s+on|my\s+mistake|correction\s*:|hmm|no,\s+(?:that|this|it|wait)|(?:i|we)\s+(?:made|have\s+made|made\s+a)\s+(?:a\s+|an\s+)?(?:mistake|error)"
    r"|there\s+(?:is|was|seems\s+to\s+be)\s+(?:a|an)\s+(?:mistake|error)|(?:that|this|which)(?:'s|\s+is|\s+was|\s+(?:can't|cannot)\s+be|\s+(?:does\s+not|doesn't)\s+(?:seem|look))\s+(?:wrong|incorrect|not\s+(?:right|correct|possible)|impossible|right|correct)(?=[\s.,!;]|$)"
    r"|let(?:'s|\s+us|\s+me)\s+(?:re|correct|fix|try\s+again|start\s+over|redo|think\s+again)|re-?(?:evaluate|calculate|check|consider|examine|compute|do\b)|apologi[sz]e|i\s+was\s+wrong|made\s+an?\s+(?:error|mistake))",
    re.IGNORECASE,
)
CONFIRMED = re.compile(
    r"^(?!.*\b(?:incorrect|wrong|not\s+(?:correct|right))).*(?:\b(?:is|are|was|were|seems|looks)\s+(?:indeed\s+|still\s+)?(?:correct|right)"
    r"|'s\s+(?:correct|right)|\bconfirm(?:s|ed)\b|\bchecks\s+out\b|\bstands\b|\bmatches\b)",
    re.IGNORECASE | re.DOTALL,
)
"""A short passage that takes a doubt back."""
