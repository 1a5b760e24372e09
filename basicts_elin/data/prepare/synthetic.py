"""Synthetic traffic with more structure than the time of day. It needs no download.

T: rows, N: sensors, P: parents of a sensor (one or two).
"""

from dataclasses import dataclass

import numpy as np

from ...errors import UserError
from ..catalog import DAYS_PER_WEEK, dataset_facts

NAME = "SyntheticTraffic"
MIN_NODES = 2
MIN_DAYS = 7
MAX_DELAY = 6
# About a year of 1000 sensors. Generating them takes about 10 GB of memory.
MAX_NODE_DAYS = 365_000

_NUM_REGIONS = 4
_FIRST_WEEKEND_DAY = 5


@dataclass(frozen=True)
class RoadNetwork:
    """A random acyclic road network. Sensor i is fed by (at most) the two nearest sensors with lower numbers.

    Attributes:
        positions: float64 [N, 2], kilometres.
        parents: int64 [N, P], the sensors that feed sensor i. An unused entry holds i itself, with weight 0.
        delays: int64 [N, P], travel time from the parent in steps, 1 to `MAX_DELAY`.
        weights: float64 [N, P], fraction of the parent's wave that arrives; each row sums to less than 1.
    """

    positions: np.ndarray
    parents: np.ndarray
    delays: np.ndarray
    weights: np.ndarray

    @property
    def adjacency(self) -> np.ndarray:
        """float32 [N, N]: entry [j, i] is 1 if a road leads from sensor j to sensor i, else 0."""
        sensor, slot = np.nonzero(self.weights)
        adjacency = np.zeros((len(self.parents), len(self.parents)), dtype=np.float32)
        adjacency[self.parents[sensor, slot], sensor] = 1.0
        return adjacency


def synthetic_traffic(num_nodes: int = 64, num_days: int = 28, seed: int = 0) -> tuple[np.ndarray, RoadNetwork]:
    """Simulate the flow at `num_nodes` sensors for `num_days` days. The same arguments give the same bytes.

    With step t, sensor i, its parents j (delay d_ij, weight a_ij) and its region k(i):

        x_i(t) = b_i(t) · max(0.05, 1 + g_i(t) + l_i r_k(i)(t) + w_i(t)) + 0.4 sqrt(b_i(t)) n_i(t)
        b_i(t) = c_i · p_i(time of day, weekend or not)
        g_i    : AR(1) from day to day, interpolated        demand, known only from the last hours
        r_k(t) = φ r_k(t-1) + ε_k(t)                        weather of a region, hours long
        w_i(t) = u_i(t) + Σ_j a_ij w_j(t - d_ij)            waves that travel along the roads
        u_i(t) = v_i(t) - incidents_i(t)                    v: AR(1) within half an hour

    c is the size of the sensor. p is a smooth profile, with a morning and an evening peak on weekdays and one flat peak
    at the weekend (days 5 and 6 of each week). n is standard normal noise. An incident removes 40 to 90 % of the flow
    at a random sensor for 30 to 90 minutes. A wave at j reaches i d_ij steps later, so a model that reads the
    neighbours' last hour can do better than one that reads only sensor i.

    Args:
        num_nodes: sensors, at least 2.
        num_days: days, at least 7.
        seed: random seed, 0 or more.

    Returns:
        values: float32 [T, N], vehicles per 5 minutes, rounded to 0.1, at least 1; about 1 % are missing, marked by 0.
        network: the roads that the waves travel on.

    Raises: UserError if an argument is out of range.
    """
    for field, value, least in (("nodes", num_nodes, MIN_NODES), ("days", num_days, MIN_DAYS), ("seed", seed, 0)):
        if value < least:
            raise UserError(field, value, f"{least} or more", f"give another --{field}")
    if num_nodes * num_days > MAX_NODE_DAYS:
        expected = f"nodes x days of {MAX_NODE_DAYS} or less, because the series is made in memory"
        raise UserError("nodes", f"{num_nodes} on {num_days} days", expected, "give fewer --nodes or --days")

    rng = np.random.default_rng(seed)
    steps_per_day = dataset_facts(NAME).steps_per_day
    num_steps = num_days * steps_per_day

    network = random_network(rng, num_nodes)
    base = _daily_base(rng, num_nodes, num_days, steps_per_day)
    deviation = _demand(rng, num_nodes, num_days, steps_per_day)
    deviation += _regional_shocks(rng, network.positions, num_steps)
    sources = _pulses(rng, num_steps, num_nodes) - _incidents(rng, num_steps, num_nodes, steps_per_day)
    deviation += travel(sources, network)

    flow = base * np.maximum(0.05, 1.0 + deviation)
    flow += 0.4 * np.sqrt(base) * rng.standard_normal(base.shape)
    values = np.maximum(1.0, np.round(flow, 1)).astype(np.float32)
    values[_missing(rng, num_steps, num_nodes)] = 0.0
    return values, network


def random_network(rng: np.random.Generator, num_nodes: int) -> RoadNetwork:
    """A random network of `num_nodes` sensors, one per square kilometre. Every sensor except the first has a parent."""
    positions = rng.uniform(0.0, np.sqrt(num_nodes), (num_nodes, 2))
    parents = np.tile(np.arange(num_nodes)[:, None], (1, 2))
    delays = np.ones((num_nodes, 2), dtype=np.int64)
    weights = np.zeros((num_nodes, 2))
    for sensor in range(1, num_nodes):
        distances = np.linalg.norm(positions[:sensor] - positions[sensor], axis=1)
        nearest = np.argsort(distances)[:2]
        minutes = distances[nearest] * rng.uniform(15.0, 27.0, len(nearest))
        share = rng.uniform(0.1, 1.0, len(nearest))
        slots = slice(0, len(nearest))
        parents[sensor, slots] = nearest
        delays[sensor, slots] = np.clip(np.round(minutes / 5), 1, MAX_DELAY)
        weights[sensor, slots] = rng.uniform(0.9, 0.98) * share / share.sum()
    return RoadNetwork(positions, parents, delays, weights)


def travel(sources: np.ndarray, network: RoadNetwork) -> np.ndarray:
    """Waves [T, N] that `sources` [T, N] send along the roads: w_i(t) = u_i(t) + Σ_j a_ij w_j(t - d_ij)."""
    waves = np.concatenate([np.zeros((MAX_DELAY, sources.shape[1])), sources])
    for step in range(MAX_DELAY, len(waves)):
        waves[step] += (network.weights * waves[step - network.delays, network.parents]).sum(axis=1)
    return waves[MAX_DELAY:]


def _daily_base(rng: np.random.Generator, num_nodes: int, num_days: int, steps_per_day: int) -> np.ndarray:
    """Expected flow b [T, N], vehicles per 5 minutes."""
    hours = np.arange(steps_per_day)[:, None] * 24.0 / steps_per_day

    def peak(hour: np.ndarray, sharpness: float) -> np.ndarray:
        # Von Mises, not Gaussian: it is continuous at midnight.
        return np.exp(sharpness * (np.cos(2 * np.pi * (hours - hour) / 24.0) - 1.0))

    morning = rng.uniform(0.3, 0.8, num_nodes) * peak(rng.uniform(7.0, 9.0, num_nodes), 8.0)
    evening = rng.uniform(0.3, 0.8, num_nodes) * peak(rng.uniform(16.5, 18.5, num_nodes), 8.0)
    daytime = rng.uniform(0.4, 0.6, num_nodes) * peak(rng.uniform(12.0, 14.0, num_nodes), 2.0)
    weekday = 0.22 + daytime + morning + evening
    weekend = 0.22 + rng.uniform(0.5, 0.8, num_nodes) * peak(rng.uniform(13.0, 15.0, num_nodes), 2.0)
    size = rng.uniform(240.0, 540.0, num_nodes)

    days = np.arange(num_days) % DAYS_PER_WEEK
    return size * np.concatenate([weekday if day < _FIRST_WEEKEND_DAY else weekend for day in days])


def _autoregression(rng: np.random.Generator, num_steps: int, width: int, memory: float, spread: float) -> np.ndarray:
    """Stationary AR(1) [num_steps, width] with standard deviation `spread`; correlation is 1/e after `memory` steps."""
    keep = np.exp(-1.0 / memory)
    series = rng.standard_normal((num_steps, width)) * spread * np.sqrt(1.0 - keep**2)
    series[0] /= np.sqrt(1.0 - keep**2)
    for step in range(1, num_steps):
        series[step] += keep * series[step - 1]
    return series


def _demand(rng: np.random.Generator, num_nodes: int, num_days: int, steps_per_day: int) -> np.ndarray:
    """Slow demand g [T, N]: one value per midnight, linear in between."""
    midnights = _autoregression(rng, num_days + 1, num_nodes, memory=2.0, spread=0.04)
    part = (np.arange(steps_per_day) / steps_per_day)[None, :, None]
    days = midnights[:-1, None] * (1.0 - part) + midnights[1:, None] * part
    return days.reshape(-1, num_nodes)


def _regional_shocks(rng: np.random.Generator, positions: np.ndarray, num_steps: int) -> np.ndarray:
    """Shared shocks l_i r_k(i) [T, N]; a sensor belongs to the nearest of four centres."""
    centres = rng.uniform(0.0, np.sqrt(len(positions)), (_NUM_REGIONS, 2))
    region = np.linalg.norm(positions[:, None] - centres, axis=2).argmin(axis=1)
    shocks = _autoregression(rng, num_steps, _NUM_REGIONS, memory=72.0, spread=0.05)
    return rng.uniform(0.5, 1.5, len(positions)) * shocks[:, region]


def _pulses(rng: np.random.Generator, num_steps: int, num_nodes: int) -> np.ndarray:
    """Demand pulses v [T, N]: strong at the few sensors where traffic enters, weak elsewhere."""
    entering = rng.uniform(0.0, 1.0, num_nodes) ** 4
    return entering * _autoregression(rng, num_steps, num_nodes, memory=6.0, spread=0.22)


def _incidents(rng: np.random.Generator, num_steps: int, num_nodes: int, steps_per_day: int) -> np.ndarray:
    """Fraction of the flow [T, N] that incidents remove."""
    lost = np.zeros((num_steps, num_nodes))
    for _ in range(rng.poisson(0.15 * num_nodes * num_steps / steps_per_day)):
        start, duration, sensor = rng.integers(num_steps), rng.integers(6, 19), rng.integers(num_nodes)
        lost[start : start + duration, sensor] += rng.uniform(0.4, 0.9)
    return lost


def _missing(rng: np.random.Generator, num_steps: int, num_nodes: int) -> np.ndarray:
    """Mask [T, N] of lost values: 0.4 % one by one, 0.6 % in outages of half an hour to six hours."""
    missing = rng.random((num_steps, num_nodes)) < 0.004
    shortest, longest = 6, 72
    for _ in range(rng.poisson(0.006 * missing.size / ((shortest + longest) / 2))):
        start, sensor = rng.integers(num_steps), rng.integers(num_nodes)
        missing[start : start + rng.integers(shortest, longest + 1), sensor] = True
    return missing
