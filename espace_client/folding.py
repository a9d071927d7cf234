"""Templates worked out once, when they are loaded: what is the same on every page is not computed on every page.

The portal speaks one language and its addresses do not move while it runs, so `{% translate "Aide" %}`,
`{% static "css/app.css" %}`, `{% url "help" %}` and `{% icon "search" %}` are text; an `{% include %}` of a fixed name
is read in place; `{% url "order_detail" order.pk %}` is an address around a number. Templates are written as usual and
render the same. docs/performance.md says what this brings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from django.template import Context, Origin, Template, TemplateDoesNotExist
from django.template.base import FilterExpression, Node, NodeList, TextNode, Variable, VariableNode
from django.template.defaulttags import (
    CommentNode,
    CsrfTokenNode,
    CycleNode,
    FirstOfNode,
    ForNode,
    IfChangedNode,
    IfNode,
    LoadNode,
    ResetCycleNode,
    URLNode,
    WithNode,
)
from django.template.library import SimpleNode
from django.template.loader_tags import BlockNode, ExtendsNode, IncludeNode
from django.template.loaders import base, cached
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.templatetags.static import StaticNode
from django.urls import NoReverseMatch, reverse
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

from espace_client.templatetags.portal import badge, icon

# Tags of ours whose answer depends on their arguments alone.
CONSTANT_TAGS = {icon, badge}
SILENT = (CommentNode, LoadNode)
# Nodes that keep something for the whole template, which would not be the same in another's place.
STATEFUL = (ExtendsNode, BlockNode, CycleNode, ResetCycleNode, IfChangedNode)
# Nodes that leave nothing behind in the context.
TIDY = (TextNode, VariableNode, IfNode, ForNode, WithNode, CsrfTokenNode)
AnyNode = TypeVar("AnyNode", bound=Node)
SENTINEL = 8_070_605_040_302_010


class FoldedLoader(base.Loader):
    """Folds each template before anybody can render it."""

    def __init__(self, engine: Any) -> None:
        super().__init__(engine)
        self._folding: set[str] = set()

    def get_template(self, template_name: str, skip: list[Origin] | None = None) -> Template:
        template = super().get_template(template_name, skip)
        self._folding.add(template_name)
        try:
            self._fold(template.nodelist)
        finally:
            self._folding.discard(template_name)
        return template

    def _fold(self, nodes: NodeList) -> None:
        folded: list[Node] = []
        for node in nodes:
            for inner in _children(node):
                self._fold(inner)
            for part in self._replaced(node):
                if isinstance(part, TextNode) and folded and isinstance(folded[-1], TextNode):
                    folded[-1] = _text(folded[-1].s + part.s, folded[-1])
                else:
                    folded.append(part)
        nodes[:] = folded

    def _replaced(self, node: Node) -> Iterable[Node]:
        """What stands in the place of one node."""
        if isinstance(node, SILENT):
            return []
        if _is_constant(node):
            return [_worked_out(node)]
        if isinstance(node, URLNode):
            return [_address(node)]
        if isinstance(node, IncludeNode):
            return self._included(node)
        return [node]

    def _included(self, node: IncludeNode) -> Iterable[Node]:
        """The nodes of a template that is always the same one; a template that includes itself stays as it is."""
        name = node.template
        if not _is_literal(name) or name.var in self._folding:
            return [node]
        try:
            nodes = self.engine.get_template(str(name.var)).nodelist
        except TemplateDoesNotExist:  # said when it is rendered, as usual
            return [node]
        if nodes.get_nodes_by_type(STATEFUL):  # type: ignore[arg-type]
            return [node]
        if not node.extra_context and not node.isolated_context and all(map(_is_tidy, _all(nodes))):
            return list(nodes)
        return [_like(Included(nodes, node.extra_context, node.isolated_context), node)]


class Loader(cached.Loader, FoldedLoader):
    """What settings.TEMPLATES names: folded templates, kept."""


class Included(Node):
    """An included template read in place, with the names that `with` gave it."""

    child_nodelists = ("nodelist",)

    def __init__(self, nodelist: NodeList, names: dict[str, FilterExpression], isolated: bool) -> None:
        self.nodelist, self.names, self.isolated = nodelist, names, isolated

    def render(self, context: Context) -> SafeString:
        values = {name: expression.resolve(context) for name, expression in self.names.items()}
        if self.isolated:
            return self.nodelist.render(context.new(values))
        with context.push(**values):
            return self.nodelist.render(context)


class NumberedAddress(Node):
    """`{% url name number %}`: the address is known but for the number."""

    child_nodelists = ()

    def __init__(self, node: URLNode, before: str, after: str) -> None:
        self.node, self.number, self.before, self.after = node, node.args[0], before, after

    def render(self, context: Context) -> str:
        number = self.number.resolve(context)
        if type(number) is int and number >= 0:
            return f"{self.before}{number}{self.after}"
        return self.node.render(context)


def _worked_out(node: Node) -> Node:
    """The text of a constant node; one that fails is left to fail where it is rendered, if it ever is."""
    try:
        return _text(str(node.render(Context())), node)
    except (NoReverseMatch, ValueError):
        return node


def _address(node: URLNode) -> Node:
    """The same tag, made faster when it is a fixed name and one number."""
    if node.asvar or node.kwargs or len(node.args) != 1 or not _is_literal(node.view_name):
        return node
    try:
        address = reverse(str(node.view_name.var), args=[SENTINEL])
    except NoReverseMatch:
        return node
    before, _number, after = str(conditional_escape(address)).partition(str(SENTINEL))
    return _like(NumberedAddress(node, before, after), node)


def _is_constant(node: Node) -> bool:
    """Whether the node renders the same text whatever the context is."""
    if isinstance(node, TranslateNode):
        return not node.asvar and node.message_context is None and _is_literal(node.filter_expression)
    if isinstance(node, StaticNode):
        return node.varname is None and _is_literal(node.path)
    if isinstance(node, URLNode):
        return not node.asvar and not node.args and not node.kwargs and _is_literal(node.view_name)
    if type(node) is SimpleNode and node.target_var is None and not node.takes_context:
        return node.func in CONSTANT_TAGS and all(map(_is_literal, [*node.args, *node.kwargs.values()]))
    return False


def _is_literal(expression: FilterExpression) -> bool:
    """Whether the expression is a constant without filters."""
    variable = expression.var
    return not expression.filters and not (isinstance(variable, Variable) and variable.lookups)


def _is_tidy(node: Node) -> bool:
    if isinstance(node, (BlockTranslateNode, FirstOfNode, URLNode, TranslateNode)):
        return not node.asvar
    if type(node) is SimpleNode:
        return node.target_var is None
    return isinstance(node, (*TIDY, Included, NumberedAddress))


def _children(node: Node) -> Iterator[NodeList]:
    if isinstance(node, IfNode):
        yield from (nodes for _condition, nodes in node.conditions_nodelists)
    elif not isinstance(node, Included):
        for name in node.child_nodelists:
            if isinstance(nodes := getattr(node, name, None), NodeList):
                yield nodes


def _all(nodes: NodeList) -> Iterator[Node]:
    for node in nodes:
        yield node
        for inner in _children(node):
            yield from _all(inner)


def _text(text: str, like: Node) -> TextNode:
    return _like(TextNode(text), like)


def _like(node: AnyNode, original: Node) -> AnyNode:
    """Give a node the place in the source of the one that it stands for, for error messages."""
    for name in ("token", "origin"):
        setattr(node, name, getattr(original, name, None))
    return node
