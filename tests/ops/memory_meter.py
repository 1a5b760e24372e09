"""Counts the memory of the tensors that a piece of code creates; deterministic, and the same on every device."""

import weakref

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class MemoryMeter(TorchDispatchMode):
    """peak_bytes: most that was alive at once; largest: entries of the largest single tensor. Backward included."""

    def __init__(self):
        super().__init__()
        self.peak_bytes = self.largest = self._alive = 0
        self._sizes = {}

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        outputs = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(outputs):
            if isinstance(tensor, torch.Tensor):
                self._count(tensor)
        return outputs

    def _count(self, tensor):
        storage = tensor.untyped_storage()
        self.largest = max(self.largest, storage.nbytes() // tensor.element_size())
        # an address names one storage as long as that lives, and its end is seen
        if storage._cdata not in self._sizes:
            self._sizes[storage._cdata] = storage.nbytes()
            weakref.finalize(storage, self._release, storage._cdata)
            self._alive += storage.nbytes()
            self.peak_bytes = max(self.peak_bytes, self._alive)

    def _release(self, address):
        self._alive -= self._sizes.pop(address)


def saved_bytes(function, *inputs):
    """What autograd keeps for the gradients, each storage once; parameters left out, inputs counted."""
    kept = {}

    def pack(tensor):
        if not isinstance(tensor, torch.nn.Parameter):
            # held, so that no address is used twice
            kept[tensor.untyped_storage()._cdata] = tensor.untyped_storage()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        function(*inputs)
    return sum(storage.nbytes() for storage in kept.values())
