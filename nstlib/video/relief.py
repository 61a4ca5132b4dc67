"""A photograph as flat layers one behind the other, past which a camera can move.

What is below the horizon lies on the ground, what is above is infinitely far, what was cut out stands upright
where its foot is. A plane with n X = d is seen by a camera that moved by t and turned by R through the
homography K R (I - t n^T / d) K^-1 (Hartley and Zisserman 2004, eq. 13.2): near things pass, far ones stay.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .. import images
from .layers import FINE, Layer, similarity
from .motion import opencv

Polygon = tuple[tuple[int, int], ...]

PADDING = 0.2  # of the longer side: how far a photograph goes on beyond its border, mirrored
KEPT = 0.94  # of the photograph is in the picture, so that little of that is seen
BEHIND = 0.06  # of the longer side: how far a thing goes on behind what hides its foot
SPECK = 300  # pixels of a photograph; a smaller part of a thing is none
RELAXATIONS = 24
ACROSS = (9, 1)  # pixels: horizons go on
SOFT = 0.8  # pixels, by which an outline is smoothed
LENS = 1.1  # focal length in widths of the picture, about that of a phone


@dataclass(frozen=True)
class Cutout:
    """A thing in a photograph.

    Attributes:
        within: corners (x, y) of a polygon around it, in pixels of the photograph.
        sure: corners of one inside it, so that the outline is found between both, by colour; none: `within`
            is the outline.
        foot: the row where it stands on the ground, or would, below the picture: more is nearer.
    """

    within: Polygon
    sure: Polygon = ()
    foot: int = 0


@dataclass(frozen=True)
class View:
    """What is known of the depth in a photograph.

    Attributes:
        horizon: its row in pixels; it may be outside.
        cutouts: from the back to the front.
        aim: the row of the foot of what stays where it is in the picture.
        truck: how far the camera goes to the right, in heights of the camera.
        dolly: how far it goes forward.
        middle: which row of the photograph is in the middle of the picture, of its height.
    """

    horizon: int
    cutouts: tuple[Cutout, ...] = ()
    aim: int | None = None
    truck: float = 0.16
    dolly: float = 0.08
    middle: float = 0.5


VIEWS = {  # in the sample photographs
    "china": View(
        205,
        (
            Cutout(  # the tower
                ((190, 25), (220, 25), (225, 60), (330, 115), (340, 180), (362, 255), (362, 310), (385, 330))
                + ((345, 400), (300, 427), (180, 427), (50, 345), (70, 318), (76, 282), (56, 272), (64, 248))
                + ((92, 232), (92, 195), (78, 182), (80, 160), (115, 155), (90, 130), (92, 98)),
                ((205, 45), (290, 120), (300, 180), (325, 270), (310, 360), (260, 380), (120, 340), (92, 270))
                + ((115, 170), (120, 120)),
                foot=470,
            ),
            Cutout(  # trees on the right
                ((530, 235), (545, 190), (570, 150), (600, 125), (640, 125), (640, 427), (325, 427))
                + ((330, 380), (400, 310), (470, 290), (535, 268)),
                ((600, 160), (630, 160), (630, 420), (360, 420), (400, 340), (480, 310), (570, 320)),
                foot=600,
            ),
            Cutout(  # a branch on the left
                ((0, 128), (8, 135), (12, 175), (22, 178), (50, 195), (53, 212), (68, 212), (80, 230))
                + ((72, 250), (58, 252), (42, 258), (36, 266), (18, 282), (0, 284)),
                ((0, 195), (40, 205), (70, 228), (40, 240), (15, 265), (0, 265)),
                foot=680,
            ),
            Cutout(  # bushes under it
                ((0, 286), (22, 288), (30, 312), (60, 328), (85, 340), (130, 322), (205, 355), (300, 390))
                + ((300, 427), (0, 427)),
                ((0, 310), (30, 350), (120, 345), (200, 380), (250, 400), (250, 425), (0, 425)),
                foot=680,
            ),
        ),
        aim=470,
        middle=0.43,
    ),
    "coffee": View(
        -300,
        (
            Cutout(
                ((173, 110), (180, 75), (200, 47), (235, 27), (275, 18), (315, 19), (355, 32), (385, 55))
                + (
                    (404, 85),
                    (408, 112),
                    (404, 145),
                    (398, 175),
                    (385, 205),
                    (372, 228),
                    (350, 245),
                    (330, 262),
                )
                + (
                    (318, 278),
                    (300, 284),
                    (275, 284),
                    (262, 278),
                    (250, 285),
                    (236, 304),
                    (214, 308),
                    (199, 297),
                )
                + ((196, 280), (206, 255), (216, 238), (195, 215), (182, 185), (175, 150)),
                foot=285,
            ),
        ),
        aim=200,
        truck=0.12,
        middle=0.42,
    ),
}


@dataclass(frozen=True, eq=False)
class Camera:
    """A camera that passes by; lengths are in heights of the camera above the ground.

    Attributes:
        view: what it sees and how it moves.
        size: (width, height) of the picture, in pixels.
        scale: pixels of the picture for one of the photograph.
        corner: where the picture's first pixel is in the photograph so scaled.
        frames: over which the move is spread.
    """

    view: View
    size: tuple[int, int]
    scale: float
    corner: tuple[float, float]
    frames: int

    @property
    def lens(self) -> float:
        """The focal length in pixels."""
        return LENS * self.size[0]

    def nearness(self, foot: float) -> float:
        """One over the distance of what stands on the ground in a row of the photograph."""
        return self.scale * (foot - self.view.horizon) / self.lens

    def placing(self, plane: Sequence[float], own: np.ndarray) -> Callable[[int], np.ndarray]:
        """Where a plane is in each frame: that of the points X with plane X = 1.

        Args:
            plane: its normal over its distance; zero is infinitely far.
            own: the homography from the pixels of the layer to those of the picture before anything moved.
        """
        view, horizon = self.view, self.scale * self.view.horizon - self.corner[1]
        inner = np.array([[self.lens, 0, (self.size[0] - 1) / 2], [0, self.lens, horizon], [0, 0, 1]])
        aim = 0.0 if view.aim is None else self.nearness(view.aim)

        def place(number: int) -> np.ndarray:
            swing = np.cos(np.pi * number / max(1, self.frames - 1))
            way = np.array([-view.truck * swing, 0, view.dolly * (1 - swing) / 2])
            moved = turned(way[0] * aim) @ (np.eye(3) - np.outer(way, plane))
            return np.asarray(inner @ moved @ np.linalg.inv(inner) @ own)

        return place


def camera_for(shape: tuple[int, int], view: View, size: tuple[int, int], frames: int) -> Camera:
    """The camera whose picture shows as much of a photograph of a shape (H, W) as `KEPT` says."""
    scale = max(size[0] / shape[1], size[1] / shape[0]) / KEPT
    spare = scale * shape[0] - size[1]
    above = np.clip(scale * shape[0] * view.middle - size[1] / 2, 0, spare)
    return Camera(view, size, scale, ((scale * shape[1] - size[0]) / 2, float(above)), frames)


def layers_of(photo: np.ndarray, view: View, size: tuple[int, int], frames: int) -> list[Layer]:
    """The layers of a photograph (H, W, 3) as a camera passes by; `size` is (width, height)."""
    camera, (height, width) = camera_for(photo.shape[:2], view, size, frames), photo.shape[:2]
    sheet = Sheet(round(PADDING * max(height, width)), camera.scale * FINE)
    own = similarity(-camera.corner[0], -camera.corner[1], 0, camera.scale) @ sheet.own
    covers = [outline(photo, cutout) for cutout in view.cutouts]
    holes = [np.maximum(c, inside(photo, each.within)) for c, each in zip(covers, view.cutouts, strict=True)]
    behind = sheet.of(filled(photo, 1 - widened(united(holes, photo), 3)))
    floor = sheet.of(np.tile(np.arange(height)[:, None] >= view.horizon, (1, width)).astype("float32"))
    layers = [
        Layer(behind, camera.placing((0, 0, 0), own)),
        Layer(behind, camera.placing((0, 1, 0), own), floor),
    ]
    for index, cutout in enumerate(view.cutouts):
        picture, cover = standing(photo, covers[index], united(covers[index + 1 :], photo))
        plane = (0, 0, camera.nearness(cutout.foot))
        layers.append(Layer(sheet.of(picture), camera.placing(plane, own), sheet.of(cover)))
    return layers


@dataclass(frozen=True)
class Sheet:
    """The pixels of the layers: those of the photograph with a mirrored border, enlarged.

    Attributes:
        border: in pixels of the photograph.
        times: how many pixels there are for one of the photograph.
    """

    border: int
    times: float

    @property
    def own(self) -> np.ndarray:
        """The homography from the pixels of a layer to those of the photograph."""
        shift = 0.5 / self.times - 0.5 - self.border
        return similarity(shift, shift, 0, 1 / self.times)

    def of(self, picture: np.ndarray) -> np.ndarray:
        """A picture (H, W, 3), or a cover (H, W), as a layer has it."""
        cv2, around = opencv(), [(self.border, self.border)] * 2 + [(0, 0)]
        wide = np.pad(picture, around[: picture.ndim], mode="symmetric")
        kernel = (
            cv2.INTER_AREA if self.times < 1 else cv2.INTER_CUBIC if picture.ndim == 3 else cv2.INTER_LINEAR
        )
        return np.asarray(
            cv2.resize(wide, None, fx=self.times, fy=self.times, interpolation=kernel).clip(0, 1)
        )


def united(covers: Sequence[np.ndarray], photo: np.ndarray) -> np.ndarray:
    """What any of several covers covers, (H, W)."""
    return np.asarray(np.max([np.zeros(photo.shape[:2], "float32"), *covers], axis=0))


def inside(photo: np.ndarray, polygon: Polygon) -> np.ndarray:
    """The pixels inside a polygon, (H, W)."""
    return np.asarray(
        opencv().fillPoly(np.zeros(photo.shape[:2], "float32"), [np.array(polygon, "int32")], 1)
    )


def turned(angle: float) -> np.ndarray:
    """A camera that turns to the side by an angle in radians."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def outline(photo: np.ndarray, cutout: Cutout) -> np.ndarray:
    """What a thing covers of each pixel, (H, W), by GrabCut (Rother et al. 2004)."""
    cv2 = opencv()
    if not cutout.sure:
        return np.asarray(cv2.GaussianBlur(inside(photo, cutout.within), (0, 0), SOFT))
    within, sure = inside(photo, cutout.within) > 0, inside(photo, cutout.sure) > 0
    marks = np.where(sure, cv2.GC_FGD, np.where(within, cv2.GC_PR_FGD, cv2.GC_BGD)).astype("uint8")
    cv2.setRNGSeed(0)
    cv2.grabCut(images.to_uint8(photo), marks, None, None, None, 5, cv2.GC_INIT_WITH_MASK)
    mine = cv2.morphologyEx(marks & 1, cv2.MORPH_CLOSE, np.ones((7, 7)))
    mine = cv2.morphologyEx(mine, cv2.MORPH_OPEN, np.ones((3, 3)))
    count, parts, facts, _ = cv2.connectedComponentsWithStats(mine)
    large = [part for part in range(1, count) if facts[part, cv2.CC_STAT_AREA] > SPECK]
    return np.asarray(cv2.GaussianBlur(np.isin(parts, large).astype("float32"), (0, 0), SOFT))


def standing(photo: np.ndarray, cover: np.ndarray, before: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A thing alone: its picture and its cover, both going on downwards behind what stands before it."""
    rows = max(1, round(BEHIND * max(photo.shape)))
    below = opencv().dilate(cover, np.ones((rows, 1)), anchor=(0, rows - 1))
    return filled(photo, 1 - widened(1 - cover, 2)), np.maximum(cover, before * below)


def widened(cover: np.ndarray, pixels: int) -> np.ndarray:
    """A cover that reaches further by so many pixels."""
    disc = opencv().getStructuringElement(opencv().MORPH_ELLIPSE, (2 * pixels + 1, 2 * pixels + 1))
    return np.asarray(opencv().dilate(cover, disc))


def filled(picture: np.ndarray, known: np.ndarray) -> np.ndarray:
    """A picture (H, W, 3) that goes on smoothly where it is not known, as a membrane does: by many grids.

    Halved until it is known everywhere, by means over what is known (Gortler et al. 1996); on the way back
    every pixel that is not known becomes the mean of those around it, `RELAXATIONS` times.
    """
    cv2, (height, width) = opencv(), known.shape
    if min(height, width) < 2 or known.min() >= 1:
        return picture
    half = ((width + 1) // 2, (height + 1) // 2)
    weight = cv2.resize(known, half, interpolation=cv2.INTER_AREA)
    mean = cv2.resize(picture * known[..., None], half, interpolation=cv2.INTER_AREA)
    coarse = filled(mean / np.maximum(weight, 1e-6)[..., None], (weight > 1e-6).astype("float32"))
    rest, share = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR), known[..., None]
    for _ in range(RELAXATIONS):
        rest = cv2.blur(picture * share + rest * (1 - share), ACROSS)
    return np.asarray(picture * share + rest * (1 - share), "float32")
