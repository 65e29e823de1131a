"""The networks of a bundle as one module, from images to risk, for other tools: MONAI, ONNX and maps."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

from npc.bundle.networks import modules
from npc.bundle.part import Part
from npc.errors import InputError
from npc.names import NETWORKS
from npc.signature.sizes import Sized

if TYPE_CHECKING:
    from npc.bundle.read import Bundle


class Risk(nn.Module):
    """The mean risk of several networks, of images whose sequences and slices are channels.

    Args:
        modules: the networks.
        shape: of one patient's input, (sequence, channel, row, column).
        sizes: of the outlines, (sequence, 2), where the networks read them.
    """

    def __init__(self, modules: Sequence[nn.Module], shape: tuple[int, ...], sizes: Tensor | None = None) -> None:
        super().__init__()
        self.members, self.shape, self.sizes = nn.ModuleList(modules), shape, sizes

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, row, column) to (batch, 1)."""
        images = x.as_tensor() if hasattr(x, "as_tensor") else x
        images = images.reshape(-1, *self.shape)
        given = images if self.sizes is None else Sized(images, self.sizes.expand(len(x), *self.sizes.shape))
        return torch.stack([member(given) for member in self.members]).mean(dim=0)[:, None].float()


def of_bundle(bundle: "Bundle") -> Part:
    """The signature of networks of a bundle.

    Raises:
        InputError: it has none, or several.
    """
    found = [part for part in bundle.parts.values() if part.settings["method"] in NETWORKS]
    if len(found) != 1:
        raise InputError(
            f"{bundle.about['title'].lower()}: it has {len(found)} signatures of networks, and other tools take "
            "exactly one; bundle the run of one such signature"
        )
    return found[0]


def risk_network(part: Part) -> Risk:
    """Its networks, which must read nothing but images.

    Raises:
        InputError: they also read the size of the outline.
    """
    first = part.settings["members"][0]["network"]
    if first["network"].get("size_input", False):
        raise InputError(
            "network.size_input=true: this network also reads the size of the outline; other tools give none"
        )
    size = part.preprocess.size
    return Risk(modules(part), (len(part.sequences), first["channels"], size, size)).eval()


def of_file(path: str) -> Risk:
    """The network of a bundle's file, for configs of MONAI.

    Args:
        path: `model.npc.zip`.

    Raises:
        InputError: as for `of_bundle`, or the file can't be used.
    """
    from npc.bundle.read import open_bundle

    return risk_network(of_bundle(open_bundle(Path(path))))


def onnx(part: Part) -> bytes:
    """The networks as an ONNX model: `images`, float32 (batch, channels, row, column) in 0 to 1, to `risk` (batch, 1).

    Raises:
        InputError: the packages are not installed, or the network has steps that depend on the image.
    """
    first = part.settings["members"][0]["network"]
    if first.get("pooled", False) or first.get("masked", False):
        raise InputError(
            "--onnx: a network of slices=all or cohort.missing=mask chooses its steps by the image, which ONNX has no "
            "form for; leave --onnx out"
        )
    network = risk_network(part)
    sequences, channels, *plane = network.shape
    example = torch.zeros(2, sequences * channels, *plane)
    try:
        made = torch.onnx.export(
            network, (example,), input_names=["images"], output_names=["risk"], dynamo=True, verbose=False,
            dynamic_shapes=({0: torch.export.Dim("batch")},),
        )  # fmt: skip
    except ModuleNotFoundError as error:
        raise InputError(f"--onnx: {error.name} is not installed; pip install 'npc[onnx]'") from None
    program = cast(torch.onnx.ONNXProgram, made)
    graphs = [program.model.graph]
    graphs += [function.graph for function in program.model.functions.values()]
    for graph in graphs:
        for node in graph.all_nodes():
            node.metadata_props.clear()  # where the code lies on this machine
    return program.model_proto.SerializeToString()
