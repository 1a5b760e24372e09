"""The normalised adjacency matrices of BasicTS 0.5's `load_adj`, dense float32 [N, N]."""

from collections.abc import Callable

import numpy as np


def _inverse_degree(adjacency: np.ndarray, power: float) -> np.ndarray:
    """Row sums raised to a negative power; 0 for a node without edges."""
    degree = adjacency.sum(axis=1)
    inverse = np.zeros_like(degree, dtype=np.float64)
    np.power(degree, power, out=inverse, where=degree > 0)
    return inverse


def _transition(adjacency: np.ndarray) -> np.ndarray:
    """(D⁻¹ A)ᵀ"""
    return (_inverse_degree(adjacency, -1.0)[:, None] * adjacency).T


def _symmetric(adjacency: np.ndarray) -> np.ndarray:
    """D^-½ A D^-½"""
    inverse = _inverse_degree(adjacency, -0.5)
    return inverse[:, None] * adjacency * inverse


def _scaled_laplacian(adjacency: np.ndarray) -> np.ndarray:
    """2 L / λ - I of the undirected graph, with 2 for the largest eigenvalue λ: L - I = -D^-½ A D^-½."""
    return -_symmetric(np.maximum(adjacency, adjacency.T))


def _identity(adjacency: np.ndarray) -> np.ndarray:
    return np.eye(len(adjacency))


_MATRICES: dict[str, Callable[[np.ndarray], list[np.ndarray]]] = {
    "scalap": lambda adjacency: [_scaled_laplacian(adjacency)],
    "normlap": lambda adjacency: [_identity(adjacency) - _symmetric(adjacency)],
    # BasicTS 0.5 multiplies in an order that gives this, not the symmetric matrix of its name
    "symnadj": lambda adjacency: [_transition(adjacency + _identity(adjacency))],
    "transition": lambda adjacency: [_transition(adjacency)],
    "doubletransition": lambda adjacency: [_transition(adjacency), _transition(adjacency.T)],
    "identity": lambda adjacency: [_identity(adjacency)],
    "original": lambda adjacency: [adjacency],
}


def _as_float32(matrices: Callable[[np.ndarray], list[np.ndarray]]) -> Callable[[np.ndarray], list[np.ndarray]]:
    return lambda adjacency: [np.ascontiguousarray(matrix, np.float32) for matrix in matrices(adjacency)]


NORMALISED = {name: _as_float32(matrices) for name, matrices in _MATRICES.items()}
