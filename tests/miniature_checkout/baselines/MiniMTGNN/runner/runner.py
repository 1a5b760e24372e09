from basicts.runners import SimpleTimeSeriesForecastingRunner


class MTGNNRunner(SimpleTimeSeriesForecastingRunner):
    """By its name and its methods the runner that MTGNN has."""

    def __init__(self, cfg):
        super().__init__(cfg)
        self.perm = None

    def forward(self, data, **kwargs):
        raise NotImplementedError

    def train_iters(self, epoch, iter_index, data):
        raise NotImplementedError
