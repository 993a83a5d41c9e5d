"""The transformer that says whether two poses are of one person.

Source: Snower et al., 15 Keypoints Is All You Need, CVPR 2020, section 3.2, A.5, Tables 5 to 7.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class TransformerLayer(nn.Module):
    """Self-attention and two linear layers, each with a residual sum and layer norm after it.

    Queries, keys and values come from one product.

    Args:
        hidden: H, length of a token's vector.
        intermediate: Length between the two linear layers.
        num_heads: Attention heads; ``hidden`` is divided among them.
        dropout: Probability, of attention weights and of what is added.
    """

    def __init__(self, *, hidden: int, intermediate: int, num_heads: int, dropout: float):
        super().__init__()
        self.num_heads = num_heads
        self.project = nn.Linear(hidden, 3 * hidden)
        self.out = nn.Linear(hidden, hidden)
        self.attention_norm = nn.LayerNorm(hidden)
        self.widen = nn.Linear(hidden, intermediate)
        self.narrow = nn.Linear(intermediate, hidden)
        self.norm = nn.LayerNorm(hidden)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        tokens: Tensor,
        keys: Tensor,
        *,
        projected: Tensor | None = None,
        first_only: bool = False,
    ) -> Tensor:
        """Update the tokens.

        Args:
            tokens: (B, T, H).
            keys: (B, 1, 1, T) bool, tokens that are attended to; at least one for each B.
            projected: (B, T, 3H), ``self.project(tokens)`` where it is known already.
            first_only: Only the first token is asked for: one query row.

        Returns:
            (B, T, H); (B, 1, H) with ``first_only``.
        """
        q, k, v = self._heads(tokens, projected, first_only)
        dropout = self.dropout.p if self.training else 0.0
        context = F.scaled_dot_product_attention(q, k, v, attn_mask=keys, dropout_p=dropout)
        return self._finish(tokens[:, :1] if first_only else tokens, context)

    def explain(self, tokens: Tensor, keys: Tensor) -> tuple[Tensor, Tensor]:
        """As :meth:`forward`, with the attention written out (Eq. 4).

        Returns:
            (B, T, H) and the attention (B, heads, T, T): row = query, column = key; a row's sum
            is 1.
        """
        q, k, v = self._heads(tokens, None, False)
        scores = (q @ k.transpose(-1, -2)) / q.shape[-1] ** 0.5
        weights = scores.masked_fill(~keys, float("-inf")).softmax(-1)
        return self._finish(tokens, self.dropout(weights) @ v), weights

    def _heads(
        self, tokens: Tensor, projected: Tensor | None, first_only: bool
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, (B, heads, T or 1, H / heads)."""
        if projected is not None:
            q, k, v = projected.chunk(3, dim=-1)
            q = q[:, :1] if first_only else q
        elif first_only:
            weight, bias, hidden = self.project.weight, self.project.bias, tokens.shape[-1]
            q = F.linear(tokens[:, :1], weight[:hidden], bias[:hidden])
            k, v = F.linear(tokens, weight[hidden:], bias[hidden:]).chunk(2, dim=-1)
        else:
            q, k, v = self.project(tokens).chunk(3, dim=-1)
        q, k, v = (x.unflatten(-1, (self.num_heads, -1)).transpose(1, 2) for x in (q, k, v))
        return q, k, v

    def _finish(self, tokens: Tensor, context: Tensor) -> Tensor:
        context = context.transpose(1, 2).flatten(2)
        tokens = self.attention_norm(tokens + self.dropout(self.out(context)))
        wide = F.gelu(self.widen(tokens))
        return self.norm(tokens + self.dropout(self.narrow(wide)))


class MatchingNetwork(nn.Module):
    """BERT-style encoder over the tokens of two poses, pooled at the first token.

    Layers, pooler (linear and tanh) and a linear classifier with two outputs. The last layer
    has one query row, as nothing but the first token is read. Weights start from N(0, 0.02).

    Table 7's variants are options; its row of 6 heads does not divide its 128 (set hidden to 126
    or 192).

    Args:
        hidden: H, length of a token's vector.
        intermediate: Length between the two linear layers of a layer.
        num_layers: Layers, 1 or more.
        num_heads: Attention heads, which must divide ``hidden``.
        dropout: Probability, throughout the network.

    Raises:
        ValueError: An option out of its range.
    """

    def __init__(
        self,
        *,
        hidden: int = 128,
        intermediate: int = 128,
        num_layers: int = 4,
        num_heads: int = 4,
        dropout: float = 0.1,
    ):
        super().__init__()
        if min(hidden, intermediate, num_layers, num_heads) < 1:
            raise ValueError(
                "hidden, intermediate, num_layers and num_heads must be 1 or more, got "
                f"{hidden}, {intermediate}, {num_layers} and {num_heads}"
            )
        if hidden % num_heads:
            raise ValueError(
                f"hidden must divide by num_heads, but {hidden} / {num_heads} leaves "
                f"{hidden % num_heads}: set hidden to {hidden - hidden % num_heads or num_heads} "
                "or change num_heads"
            )
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout must be in [0, 1), got {dropout}")
        self.hidden = hidden
        self.layers = nn.ModuleList(
            TransformerLayer(
                hidden=hidden, intermediate=intermediate, num_heads=num_heads, dropout=dropout
            )
            for _ in range(num_layers)
        )
        self.pooler = nn.Linear(hidden, hidden)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(hidden, 2)
        self.apply(start_weights)

    def forward(self, tokens: Tensor, visible: Tensor, projected: Tensor | None = None) -> Tensor:
        """Classify pairs.

        Args:
            tokens: (B, T, H), those of the current pose first.
            visible: (B, T) bool; other tokens are not attended to. A pair without any visible
                token attends to all of them, so that it has an answer, which means nothing.
            projected: (B, T, 3H), the first layer's queries, keys and values where known.

        Returns:
            (B, 2) logits: other person, same person.
        """
        keys = attended(visible)
        last = len(self.layers) - 1
        for index, layer in enumerate(self.layers):
            tokens = layer(tokens, keys, projected=projected, first_only=index == last)
            projected = None
        return self._classify(tokens[:, 0])

    def pairs(self, tokens: Tensor, visible: Tensor, index: Tensor, max_pairs: int) -> Tensor:
        """Classify pairs out of P poses; the first layer's product is made once per pose.

        Args:
            tokens: (P, J, H), of each pose.
            visible: (P, J) bool.
            index: (B, 2) int64: the current pose, the earlier pose.
            max_pairs: Pairs in one pass.

        Returns:
            (B, 2) logits: other person, same person.
        """
        projected = self.layers[0].project(tokens)
        logits = [
            self(*(rows[part].flatten(1, 2) for rows in (tokens, visible, projected)))
            for part in index.split(max_pairs)
        ]
        return torch.cat(logits) if logits else tokens.new_zeros((0, 2))

    def explain(self, tokens: Tensor, visible: Tensor) -> tuple[Tensor, list[Tensor]]:
        """As :meth:`forward`, with every row of every layer, the attention written out.

        Returns:
            (B, 2) logits, and of each layer the attention (B, heads, T, T).
        """
        keys, maps = attended(visible), []
        for layer in self.layers:
            tokens, weights = layer.explain(tokens, keys)
            maps.append(weights)
        return self._classify(tokens[:, 0]), maps

    def _classify(self, first: Tensor) -> Tensor:
        return self.classifier(self.dropout(torch.tanh(self.pooler(first))))


def start_weights(module: nn.Module) -> None:
    """As BERT: linear and embedding weights from N(0, 0.02), biases 0, norms the identity."""
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.LayerNorm):
        nn.init.ones_(module.weight)
    if isinstance(module, nn.Linear | nn.LayerNorm):
        nn.init.zeros_(module.bias)


def attended(visible: Tensor) -> Tensor:
    """(B, 1, 1, T) bool from (B, T); all tokens of a row that has none: no softmax of nothing."""
    return (visible | ~visible.any(1, keepdim=True))[:, None, None]
