"""Plausible wrong answers of exercise 01, with the score and the message each must get from the grader."""

from nstlib.course.exercises import Wrong

WRONG = [
    Wrong(
        "in_and_out",
        score=0,
        message="which counts pictures, is missing",
        code="""
def as_image(pixels):
    return pixels.astype("float32") / 255


def as_pixels(image):
    return np.rint(255 * np.clip(image, 0, 1)).astype("uint8")
""",
    ),
    Wrong(
        "in_and_out",
        score=0,
        message="an image of this course is float32",
        code="""
def as_image(pixels):
    return pixels[None] / 255


def as_pixels(image):
    return np.rint(255 * np.clip(image[0], 0, 1)).astype("uint8")
""",
    ),
    Wrong(
        "in_and_out",
        score=1,
        message="take the nearest number",
        code="""
def as_image(pixels):
    return pixels[None].astype("float32") / 255


def as_pixels(image):
    return (255 * np.clip(image[0], 0, 1)).astype("uint8")
""",
    ),
    Wrong(
        "in_and_out",
        score=2,
        message="start again from the other end",
        code="""
def as_image(pixels):
    return pixels[None].astype("float32") / 255


def as_pixels(image):
    return np.round(255 * image[0]).astype("int32").astype("uint8")
""",
    ),
    Wrong(
        "in_and_out",
        score=1,
        message="you stretch the darkest value",
        code="""
def as_image(pixels):
    return pixels[None].astype("float32") / 255


def as_pixels(image):
    low, high = image.min(), image.max()
    return np.rint(255 * (image[0] - low) / (high - low)).astype("uint8")
""",
    ),
    Wrong(
        "preprocessing",
        score=0,
        message="blue loses the mean of red",
        code="""
def preprocess(image):
    return 255 * image[..., ::-1] - np.array([123.68, 116.779, 103.939])


def deprocess(values):
    return (values + np.array([123.68, 116.779, 103.939]))[..., ::-1] / 255
""",
    ),
    Wrong(
        "preprocessing",
        score=1,
        message="red and blue come back exchanged",
        code="""
def preprocess(image):
    return 255 * image[..., ::-1] - np.array([103.939, 116.779, 123.68])


def deprocess(values):
    return (values + np.array([103.939, 116.779, 123.68])) / 255
""",
    ),
    Wrong(
        "preprocessing",
        score=2,
        message="an inverse has to bring every value back",
        code="""
def preprocess(image):
    return 255 * image[..., ::-1] - np.array([103.939, 116.779, 123.68])


def deprocess(values):
    return np.clip((values + np.array([103.939, 116.779, 123.68]))[..., ::-1] / 255, 0, 1)
""",
    ),
    Wrong(
        "preprocessing",
        score=0,
        message="changes the array it is given",
        code="""
def preprocess(image):
    values = image[..., ::-1]
    values *= 255
    values -= np.array([103.939, 116.779, 123.68], "float32")
    return values
""",
    ),
    Wrong(
        "preprocessing",
        score=1,
        message="red gets the mean of blue",
        code="""
def preprocess(image):
    return 255 * image[..., ::-1] - np.array([103.939, 116.779, 123.68])


def deprocess(values):
    return (values[..., ::-1] + np.array([103.939, 116.779, 123.68])) / 255
""",
    ),
    Wrong(
        "from_torchvision",
        score=0,
        message="are the numbers still where they belong",
        code="""
def from_torchvision(values):
    _, _, height, width = values.shape
    image = values.reshape(1, height, width, 3) * [0.229, 0.224, 0.225] + [0.485, 0.456, 0.406]
    return 255 * image[..., ::-1] - [103.939, 116.779, 123.68]
""",
    ),
    Wrong(
        "from_torchvision",
        score=0,
        message="rows and columns are exchanged",
        code="""
def from_torchvision(values):
    image = np.swapaxes(values, 1, 3) * [0.229, 0.224, 0.225] + [0.485, 0.456, 0.406]
    return 255 * image[..., ::-1] - [103.939, 116.779, 123.68]
""",
    ),
    Wrong(
        "from_torchvision",
        score=1,
        message="half a grey level",
        code="""
def from_torchvision(values):
    moved = np.moveaxis(values, 1, -1)
    return (255 * moved * [0.229, 0.224, 0.225])[..., ::-1]
""",
    ),
    Wrong(
        "from_torchvision",
        score=1,
        message="before torchvision's numbers, which are in RGB order, are undone",
        code="""
def from_torchvision(values):
    bgr = np.moveaxis(values, 1, -1)[..., ::-1]
    return 255 * (bgr * [0.229, 0.224, 0.225] + [0.485, 0.456, 0.406]) - [103.939, 116.779, 123.68]
""",
    ),
    Wrong(
        "which_mistake",
        score=0,
        message="do you ask for exact equality",
        code="""
def which_mistake(image, values):
    flipped, mean = image[..., ::-1], np.array([103.939, 116.779, 123.68])
    known = {"none": 255 * flipped - mean, "no mean": 255 * flipped, "[0, 1]": flipped - mean}
    for name, expected in known.items():
        if np.array_equal(values, expected):
            return name
    return "other"
""",
    ),
    Wrong(
        "which_mistake",
        score=2,
        message="nearest program is not always near",
        code="""
def which_mistake(image, values):
    flipped, mean = image[..., ::-1], np.array([103.939, 116.779, 123.68])
    known = {
        "none": 255 * flipped - mean,
        "no mean": 255 * flipped,
        "[0, 1]": flipped - mean,
        "RGB": 255 * image - mean[::-1],
        "torchvision": (image - np.array([0.485, 0.456, 0.406])) / np.array([0.229, 0.224, 0.225]),
        "twice": 255 * (255 * flipped - mean)[..., ::-1] - mean,
    }
    return min(known, key=lambda name: np.abs(values - known[name]).mean())
""",
    ),
    Wrong(
        "which_mistake",
        score=1,
        message="Values of the kind 'twice' were called 'other'",
        code="""
def which_mistake(image, values):
    flipped, mean = image[..., ::-1], np.array([103.939, 116.779, 123.68])
    known = {
        "none": 255 * flipped - mean,
        "no mean": 255 * flipped,
        "[0, 1]": flipped - mean,
        "RGB": 255 * image - mean[::-1],
        "torchvision": (image - np.array([0.485, 0.456, 0.406])) / np.array([0.229, 0.224, 0.225]),
        "twice": 255 * flipped - 2 * mean,
    }
    for name, expected in known.items():
        if np.allclose(values, expected, atol=0.1):
            return name
    return "other"
""",
    ),
    Wrong(
        "which_mistake",
        score=2,
        message="One value that is off by 0.5",
        code="""
def which_mistake(image, values):
    flipped, mean = image[..., ::-1], np.array([103.939, 116.779, 123.68])
    known = {
        "none": 255 * flipped - mean,
        "no mean": 255 * flipped,
        "[0, 1]": flipped - mean,
        "RGB": 255 * image - mean[::-1],
        "torchvision": (image - np.array([0.485, 0.456, 0.406])) / np.array([0.229, 0.224, 0.225]),
        "twice": 255 * (255 * flipped - mean)[..., ::-1] - mean,
    }
    for name, expected in known.items():
        if np.median(np.abs(values - expected)) < 0.1:
            return name
    return "other"
""",
    ),
    Wrong(
        "colour_filter",
        score=0,
        message="each has its own",
        code="""
def colour_filter(photo, style):
    return (photo - photo.mean()) / photo.std() * style.std() + style.mean()
""",
    ),
    Wrong(
        "colour_filter",
        score=0,
        message="the deviations are still the photograph's",
        code="""
def colour_filter(photo, style):
    return photo - photo.mean(axis=(0, 1, 2)) + style.mean(axis=(0, 1, 2))
""",
    ),
    Wrong(
        "colour_filter",
        score=0,
        message="upside down",
        code="""
def colour_filter(photo, style):
    over = (0, 1, 2)
    factor = photo.std(axis=over) / style.std(axis=over)
    return (photo - photo.mean(axis=over)) * factor + style.mean(axis=over)
""",
    ),
    Wrong(
        "which_mistake",
        score=2,
        message="that is more than rounding",
        code="""
def which_mistake(image, values):
    flipped, mean = image[..., ::-1], np.array([103.939, 116.779, 123.68])
    known = {
        "none": 255 * flipped - mean,
        "no mean": 255 * flipped,
        "[0, 1]": flipped - mean,
        "RGB": 255 * image - mean[::-1],
        "torchvision": (image - np.array([0.485, 0.456, 0.406])) / np.array([0.229, 0.224, 0.225]),
        "twice": 255 * (255 * flipped - mean)[..., ::-1] - mean,
    }
    for name, expected in known.items():
        far = np.abs(values - expected).max()
        if far < (0.1 if name in ("[0, 1]", "torchvision") else 2):
            return name
    return "other"
""",
    ),
    Wrong(
        "colour_filter",
        score=2,
        message="becomes the style's mean. The result holds values that are not finite",
        code="""
def colour_filter(photo, style):
    over = (0, 1, 2)
    factor = style.std(axis=over) / photo.std(axis=over)
    return (photo - photo.mean(axis=over)) * factor + style.mean(axis=over)
""",
    ),
    Wrong(
        "best_filter",
        score=1,
        message="You treat each channel alone",
        code="""
def best_filter(photo, picture):
    result = np.zeros(picture.shape)
    for c in range(3):
        for value in np.unique(photo[..., c]):
            here = photo[..., c] == value
            result[here, c] = picture[here, c].mean()
    return result
""",
    ),
    Wrong(
        "best_filter",
        score=0,
        message="All pixels get one value",
        code="""
def best_filter(photo, picture):
    return np.broadcast_to(picture.mean((0, 1)), picture.shape)
""",
    ),
    Wrong(
        "best_filter",
        score=0,
        message="You return the photo as it was",
        code="""
def best_filter(photo, picture):
    return photo / 255
""",
    ),
    Wrong(
        "best_filter",
        score=0,
        message="no filter does that",
        code="""
def best_filter(photo, picture):
    return photo.astype("float64") / 255 * 0.5 + picture * 0.5
""",
    ),
    Wrong(
        "best_filter",
        score=2,
        message="median makes the sum of absolute errors least",
        code="""
def best_filter(photo, picture):
    colours, group = np.unique(photo.reshape(-1, 3), axis=0, return_inverse=True)
    group, targets = group.ravel(), picture.reshape(-1, 3)
    medians = np.stack([np.median(targets[group == k], axis=0) for k in range(len(colours))])
    return medians[group].reshape(photo.shape)
""",
    ),
    Wrong(
        "best_filter",
        score=2,
        message="value of one of its pixels, the last",
        code="""
def best_filter(photo, picture):
    table = {}
    for colour, target in zip(photo.reshape(-1, 3), picture.reshape(-1, 3)):
        table[tuple(colour)] = target
    return np.array([table[tuple(colour)] for colour in photo.reshape(-1, 3)]).reshape(photo.shape)
""",
    ),
    Wrong(
        "best_filter",
        score=1,
        message="same brightness",
        code="""
def best_filter(photo, picture):
    brightness = photo.astype("int64").sum(-1)
    result = np.zeros(picture.shape)
    for level in np.unique(brightness):
        result[brightness == level] = picture[brightness == level].mean(0)
    return result
""",
    ),
]
