from basicts.runners import SimpleTimeSeriesForecastingRunner


class HimNetRunner(SimpleTimeSeriesForecastingRunner):
    """By its name and its methods the runner that HimNet has."""

    def __init__(self, cfg):
        super().__init__(cfg)
        self.seed_everything(0)

    def seed_everything(self, seed):
        raise NotImplementedError

    def forward(self, data, **kwargs):
        raise NotImplementedError
