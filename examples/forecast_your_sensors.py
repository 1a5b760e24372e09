# %% [markdown]
# # From a CSV of sensors to forecasts
#
# A small city: vehicle counts of six sensors every 15 minutes, in Berlin time. The counts are synthetic; replace them
# with your own table. The script writes into the current folder.

# %%
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd

from basicts_elin import Forecaster

matplotlib.use("Agg")

# %% [markdown]
# ## The table
#
# One row per time, one column per sensor. Daylight saving time starts on 30 March, so that day has 92 rows. Some values
# are missing.

# %%
DAYS, SENSORS = 21, 6
rng = np.random.default_rng(0)
times = pd.date_range("2025-03-17", periods=DAYS * 96, freq="15min", tz="Europe/Berlin", name="time")
hour = (times.hour + times.minute / 60).to_numpy()[:, None]
rush = np.exp(-((hour - 8) ** 2) / 4) + np.exp(-((hour - 17) ** 2) / 6)
size = rng.uniform(80, 300, SENSORS)
is_weekend = (times.day_of_week >= 5)[:, None]
counts = size * (0.15 + rush * np.where(is_weekend, 0.4, 1)) * np.exp(rng.normal(0, 0.15, (len(times), SENSORS)))
counts[rng.random(counts.shape) < 0.01] = np.nan
pd.DataFrame(counts.round(), times, [f"bridge {number}" for number in range(SENSORS)]).to_csv("city.csv")

city = pd.read_csv("city.csv", index_col="time")
# UTC offsets differ between winter and summer, so pandas must convert to UTC first
city.index = pd.to_datetime(city.index, utc=True).tz_convert("Europe/Berlin")
print(f"{len(city)} rows of {city.shape[1]} sensors, {city.index[0]} to {city.index[-1]}")

# %% [markdown]
# ## Training
#
# The rows after 14:00 on 3 April are held out for the backtest. `fit` prepares the dataset, trains the model, and
# calibrates the intervals on the validation part. A few epochs of a small model show how it works, not how good it is.

# %%
now = pd.Timestamp("2025-04-03 14:00", tz="Europe/Berlin")
past, new = city.loc[:now], city.loc[now:].iloc[1:]
forecaster = Forecaster.fit(
    past,
    "ELinFormer_small",
    name="City",
    input_len=12,
    output_len=12,
    prepare={"domain": "traffic flow (vehicles in 15 minutes)"},
    num_epochs=6,
    train_batch_size=64,
)
print(f"test MAE: {forecaster.metrics['overall']['MAE']:.1f} {forecaster.facts.unit}")

# %% [markdown]
# ## The next three hours, with 90 % prediction intervals

# %%
# counts are never negative
forecast = forecaster.predict(past, level=90, clip=True)
print(forecast[["bridge 0", "bridge 0_lo90", "bridge 0_hi90"]].round())

# %% [markdown]
# ## A backtest
#
# A forecast every hour of the held-out days. The last value serves as a naive forecast.

# %%
history = pd.concat([past.iloc[-12:], new])
backtest = forecaster.backtest(history, every=4)
windows = backtest.windows
bounds = forecaster.window_quantities(windows, level=90, clip=True)
inside = ((windows.target >= bounds["lo90"]) & (windows.target <= bounds["hi90"]))[~np.isnan(windows.target)].mean()
last = history.ffill().to_numpy()[windows.rows - 1][:, None]
print(f"{len(windows.rows)} forecasts: MAE {backtest.metrics()['overall']['MAE']:.1f}, ", end="")
print(f"last value {np.nanmean(np.abs(windows.target - last)):.1f}; coverage: {100 * inside:.0f} %")

# %% [markdown]
# ## A picture

# %%
axes = past["bridge 0"].iloc[-48:].plot(label="measured", figsize=(9, 3.5), color="black")
new["bridge 0"].iloc[:12].plot(ax=axes, label="measured later", color="black", linestyle=":")
forecast["bridge 0"].plot(ax=axes, label="forecast", color="#0072B2")
axes.fill_between(forecast.index, forecast["bridge 0_lo90"], forecast["bridge 0_hi90"], alpha=0.25, label="90 %")
axes.set(title="bridge 0", xlabel="", ylabel=forecaster.facts.unit)
axes.legend(frameon=False)
axes.figure.savefig("forecast.png", dpi=150, bbox_inches="tight")

# %% [markdown]
# ## Saving the forecaster
#
# The folder holds weights, scaling, sensors and intervals. It loads without the dataset and the run.

# %%
forecaster.save("city-model")
again = Forecaster.load("city-model").predict(past, level=90, clip=True)
assert again.equals(forecast)
print(f"city-model: {sum(file.stat().st_size for file in Path('city-model').iterdir()) / 1000:.0f} kB")
