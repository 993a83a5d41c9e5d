import pytest
import torch

from mmpose_temporal.models.similarities.entailment import MatchingNetwork


def build(**options):
    torch.manual_seed(0)
    network = MatchingNetwork(**options).eval()
    for parameter in network.parameters():
        if parameter.ndim > 1:  # so large that attention is far from even
            torch.nn.init.normal_(parameter, std=0.2)
    return network


def batch(pairs: int = 5, tokens: int = 30, hidden: int = 128, hidden_share: float = 0.3):
    generator = torch.Generator().manual_seed(1)
    visible = torch.rand(pairs, tokens, generator=generator) >= hidden_share
    return torch.randn(pairs, tokens, hidden, generator=generator), visible


def plain(network, tokens, visible):
    """All rows of all layers, head by head, as in Table 5 and the original BERT."""
    for layer in network.layers:
        hidden = tokens.shape[-1]
        size = hidden // layer.num_heads
        q, k, v = layer.project(tokens).split(hidden, dim=-1)
        heads = []
        for h in range(layer.num_heads):
            part = slice(h * size, (h + 1) * size)
            scores = q[..., part] @ k[..., part].transpose(1, 2) / size**0.5
            scores = scores + torch.where(visible, 0.0, -1e9)[:, None]
            heads.append(scores.softmax(-1) @ v[..., part])
        tokens = layer.attention_norm(tokens + layer.out(torch.cat(heads, -1)))
        inner = torch.nn.functional.gelu(layer.widen(tokens))
        tokens = layer.norm(tokens + layer.narrow(inner))
    return network.classifier(torch.tanh(network.pooler(tokens[:, 0])))


@pytest.mark.parametrize(
    "options",
    [
        dict(),
        dict(num_layers=1),
        dict(num_layers=2, intermediate=512),
        dict(num_heads=2),
        dict(hidden=64, intermediate=256),
        dict(hidden=126, num_heads=6),
    ],
)
@torch.no_grad()
def test_one_query_row_and_fused_attention_change_nothing(options):
    network = build(**options)
    tokens, visible = batch(hidden=network.hidden)
    expected = plain(network, tokens, visible)
    assert expected.std() > 0.05
    torch.testing.assert_close(network(tokens, visible), expected, rtol=1e-4, atol=1e-5)
    explained, maps = network.explain(tokens, visible)
    torch.testing.assert_close(explained, expected, rtol=1e-4, atol=1e-5)
    assert len(maps) == len(network.layers)


@torch.no_grad()
def test_attention_looks_at_visible_tokens_only():
    network, (tokens, visible) = build(), batch()
    for weights in network.explain(tokens, visible)[1]:
        torch.testing.assert_close(weights.sum(-1), torch.ones(5, 4, 30))
        assert (weights * ~visible[:, None, None]).abs().max() == 0


@torch.no_grad()
def test_an_invisible_token_changes_nothing():
    network, (tokens, visible) = build(), batch()
    visible[:, 7] = False
    other = tokens.clone()
    other[:, 7] = 100
    torch.testing.assert_close(network(other, visible), network(tokens, visible))
    visible[:, 7] = True
    assert not torch.allclose(network(other, visible), network(tokens, visible))


@torch.no_grad()
def test_nothing_visible_is_no_nan():
    network, (tokens, visible) = build(), batch()
    visible[2] = False
    assert network(tokens, visible).isfinite().all()
    assert network.explain(tokens, visible)[0].isfinite().all()


@pytest.mark.parametrize("max_pairs", [1, 4, 100])
@torch.no_grad()
def test_pairs_are_those_of_the_whole(max_pairs):
    network = build()
    tokens, visible = batch(pairs=6, tokens=15)
    index = torch.tensor([[0, 3], [0, 4], [1, 3], [2, 5], [1, 5]])
    together = torch.cat([tokens[index[:, 0]], tokens[index[:, 1]]], dim=1)
    seen = torch.cat([visible[index[:, 0]], visible[index[:, 1]]], dim=1)
    found = network.pairs(tokens, visible, index, max_pairs)
    torch.testing.assert_close(found, network(together, seen), rtol=1e-4, atol=1e-5)


def test_no_pairs():
    tokens, visible = batch(pairs=2, tokens=15)
    index = torch.zeros((0, 2), dtype=torch.int64)
    assert build().pairs(tokens, visible, index, 8).shape == (0, 2)


@pytest.mark.parametrize(
    ("options", "parameters"),
    [
        # a layer: 4 products of 128 x 128 with biases, 2 of 128 x i, 2 norms; + pooler, classifier
        (dict(), 4 * (6 * 128 * 129 + 4 * 128) + 128 * 129 + 2 * 129),
        (dict(num_layers=2), 2 * (6 * 128 * 129 + 4 * 128) + 128 * 129 + 2 * 129),
        (
            dict(hidden=64, intermediate=256),
            4 * (4 * 64 * 65 + 65 * 256 + 257 * 64 + 4 * 64) + 64 * 65 + 2 * 65,
        ),
        (
            dict(intermediate=512),
            4 * (4 * 128 * 129 + 129 * 512 + 513 * 128 + 4 * 128) + 128 * 129 + 2 * 129,
        ),
    ],
)
def test_parameters(options, parameters):
    assert sum(p.numel() for p in MatchingNetwork(**options).parameters()) == parameters


def test_weights_begin_small():
    torch.manual_seed(0)
    network = MatchingNetwork()
    assert network.pooler.weight.std().item() == pytest.approx(0.02, rel=0.05)
    assert network.layers[0].project.weight.mean().item() == pytest.approx(0, abs=1e-3)
    assert network.layers[0].project.bias.abs().max() == 0
    assert (network.layers[0].norm.weight == 1).all()


def test_dropout_acts_in_training_only():
    network, (tokens, visible) = build(dropout=0.5), batch()
    assert torch.equal(network(tokens, visible), network(tokens, visible))
    network.train()
    assert not torch.allclose(network(tokens, visible), network(tokens, visible))
    network.train()(tokens, visible).sum().backward()
    assert network.layers[0].project.weight.grad.abs().max() > 0


@torch.no_grad()
def test_half_precision():
    network, (tokens, visible) = build(), batch()
    expected = network(tokens, visible)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = network(tokens, visible)
    torch.testing.assert_close(found.float(), expected, rtol=0.1, atol=0.15)
    found = network.bfloat16()(tokens.bfloat16(), visible)
    torch.testing.assert_close(found.float(), expected, rtol=0.1, atol=0.15)


@torch.no_grad()
def test_compile_takes_the_whole_network():
    """One graph, without breaks; the compiler's own back end is not what is tested."""
    network, (tokens, visible) = build(num_layers=2), batch()
    compiled = torch.compile(network, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(tokens, visible), network(tokens, visible))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            dict(num_heads=6),
            "hidden must divide by num_heads, but 128 / 6 leaves 2: set hidden to 126",
        ),
        (dict(hidden=2), "set hidden to 4"),
        (dict(num_layers=0), "must be 1 or more"),
        (dict(dropout=1.0), r"dropout must be in \[0, 1\)"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        MatchingNetwork(**options)
