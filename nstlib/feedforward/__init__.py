"""One pass: any picture as the style, painted by a network that was taught to, without any optimisation.

    photo -> transformer -> painting                      (Johnson, Alahi and Fei-Fei 2016)
    style -> embedded network -> statistics -> `StyleCode` -> scale and shift of the transformer's norms
                                                          (Ghiasi et al. 2017)

`codes` reads a style off the embedded network, `transformer` is the network as pure functions, `painter`
brings it together with its weights, and `once` is the recipe: several styles, regions, whose colours.
`folder` paints many photographs.
"""

from ..foundation import loaded_on_demand

_HOMES = {
    "codes": ("StyleCode",),
    "once": ("OnePass", "paint_once"),
    "painter": ("Painter", "load_painter"),
}
__getattr__, __dir__, __all__ = loaded_on_demand(__name__, _HOMES)
