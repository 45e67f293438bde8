"""Pictures and parameters that are drawn at random, the same for the same seed."""

import random

import cv2
import numpy as np

from sides import denoise, detect, samples

# Pixels times offsets times channels of a draw at most: what OpenCV does in a second or two.
MOST_PAIRS = 60_000_000


class Draws:
    """What a seed draws, one after another."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.noise = np.random.default_rng(seed)
        self.photographs = [cv2.imread(str(path)) for path in samples()]
        self.kinds = [self.photograph] * 4 + [
            self.white_noise,
            self.smooth_noise,
            self.half_noise,
            self.flat,
            self.disc,
            self.stripes,
            self.checks,
            self.slope,
            self.dots,
            self.text,
        ]

    def picture(self, width, height):
        """Its kind, and an image of three channels."""
        kind = self.random.choice(self.kinds)
        image = kind(width, height)
        if image.ndim == 2:
            image = cv2.merge([image] * 3)
        return kind.__name__.replace("_", " "), np.ascontiguousarray(image, np.uint8)

    def photograph(self, width, height):
        image = self.random.choice(self.photographs)
        repeated = np.tile(image, (height // image.shape[0] + 1, width // image.shape[1] + 1, 1))
        y, x = (self.random.randrange(size - needed + 1) for size, needed in zip(repeated.shape, (height, width)))
        return repeated[y : y + height, x : x + width]

    def white_noise(self, width, height):
        return self.noise.integers(0, 256, (height, width, 3), dtype=np.uint8)

    def smooth_noise(self, width, height):
        blurred = cv2.GaussianBlur(self.noise.normal(size=(height, width)), (0, 0), self.random.choice([1, 2, 8]))
        return cv2.normalize(blurred, None, 0, 255, cv2.NORM_MINMAX)

    def half_noise(self, width, height):
        image = self.white_noise(width, height)
        image[:, width // 2 :] = 128
        return image

    def flat(self, width, height):
        return np.full((height, width), self.random.choice([0, 1, 128, 255]))

    def disc(self, width, height):
        image = np.zeros((height, width), np.uint8)
        return cv2.circle(image, (width // 2, height // 2), min(width, height) // 3, 255, -1)

    def stripes(self, width, height):
        step = self.random.choice([2, 3, 5, 8, 20])
        return np.tile(np.arange(width) // step % 2 * 255, (height, 1))

    def checks(self, width, height):
        step = self.random.choice([2, 3, 5, 8, 20])
        y, x = np.mgrid[:height, :width]
        return (x // step + y // step) % 2 * 255

    def slope(self, width, height):
        y, x = np.mgrid[:height, :width]
        return (x + y) * 255 // (width + height)

    def dots(self, width, height):
        step = self.random.choice([6, 16, 40])
        y, x = np.mgrid[:height, :width]
        return np.where((x % step == step // 2) & (y % step == step // 2), 255, 0)

    def text(self, width, height):
        image = np.full((height, width), 255, np.uint8)
        for y in range(16, height, 18):
            line = "".join(self.random.choices("etaoin shrdlu", k=width // 8 + 1))
            cv2.putText(image, line, (2, y), cv2.FONT_HERSHEY_SIMPLEX, 0.45, 0, 1)
        return image

    def size(self):
        choose = self.random.choice
        return choose([(400, 400), (256, 256), (200, 320), (320, 120), (128, 400), (64, 64), (30, 20), (517, 303)])

    def denoising(self, path):
        """In words, and as a case."""
        choose = self.random.choice
        while True:
            (width, height), channels = self.size(), choose([1, 1, 2, 3, 3, 4])
            template, search = choose([1, 3, 5, 7, 7, 7, 9, 11, 15, 21, 4]), choose([1, 3, 5, 9, 11, 15, 17, 21, 21, 21, 27, 35, 51, 20])
            if width * height * channels * search * search <= MOST_PAIRS:
                break
        strength = choose([0, 0.5, 1, 3, 6, 10, 10, 10, 15, 20, 30, 50, 100])
        coloured = channels == 3 and choose([True, False])
        kind, image = self.picture(width, height)
        image = np.dstack([image, image[:, :, :1]])[:, :, :channels]
        words = f"{kind} {width}x{height}, {channels} channels{' as lightness and colour' if coloured else ''}"
        words += f", h {strength:g}, {template}/{search}"
        return words, denoise(path, np.ascontiguousarray(image), strength, template, search, coloured)

    def detection(self, path):
        """In words, and as a case."""
        choose = self.random.choice
        width, height = self.size()
        params = {
            "octave_layers": choose([1, 2, 3, 3, 3, 4, 5, 8]),
            "sigma": choose([0.6, 1.0, 1.6, 1.6, 1.6, 2.4, 3.2, 5.0]),
            "contrast_threshold": choose([0.0, 0.01, 0.04, 0.04, 0.1]),
            "edge_threshold": choose([2.0, 10.0, 10.0, 30.0, 1000.0]),
        }
        kind, image = self.picture(width, height)
        words = f"{kind} {width}x{height}, {params['octave_layers']} layers, sigma {params['sigma']:g}"
        words += f", thresholds {params['contrast_threshold']:g}, {params['edge_threshold']:g}"
        return words, detect(path, cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), **params)
