"""temporary"""
from .raw import RawSeries, to_float32
import numpy as np
def read_array(path, options):
    a=np.load(path); return RawSeries(to_float32(a if a.ndim==2 else a[...,int(options.channel or 0)]))
def read_archive(path, options):
    z=np.load(path); k=options.key or ("data" if "data" in z.files else z.files[0]); a=z[k]
    names=None
    for n in ("ids","segments"):
        if n in z.files: names=[str(x) for x in z[n]]
    return RawSeries(to_float32(a if a.ndim==2 else a[...,int(options.channel or 0)]),node_names=names)
