"""What an image program does with OpenCV's transparent OpenCL: many kernels, buffers and sub-buffers."""

import hashlib

import cv2
import numpy as np

cv2.ocl.setUseOpenCL(True)
print("OpenCL in use:", cv2.ocl.useOpenCL(), "on", cv2.ocl.Device.getDefault().name())
generator = np.random.default_rng(7)
picture = generator.integers(0, 256, (240, 320, 3), dtype=np.uint8)
on_device = cv2.UMat(picture)
gray = cv2.cvtColor(on_device, cv2.COLOR_BGR2GRAY)


def show(name: str, result: cv2.UMat) -> None:
    array = np.ascontiguousarray(result.get())
    print(f"{name}: {array.shape} {array.dtype} {hashlib.md5(array.tobytes()).hexdigest()}")  # noqa: S324


# Without cv2.Canny: its kernel races, and gives several results on one driver, natively too.
show("gray", gray)
show("hsv", cv2.cvtColor(on_device, cv2.COLOR_BGR2HSV))
show("yuv", cv2.cvtColor(on_device, cv2.COLOR_BGR2YUV))
show("resize", cv2.resize(on_device, (111, 77), interpolation=cv2.INTER_NEAREST))
show("resize, area", cv2.resize(gray, (160, 120), interpolation=cv2.INTER_AREA))
show("blur", cv2.blur(on_device, (5, 5)))
show("box filter of 32 bits", cv2.boxFilter(gray, cv2.CV_32F, (3, 3)))
show("gaussian", cv2.GaussianBlur(gray, (7, 7), 1.5))
show("median", cv2.medianBlur(gray, 3))
show("bilateral", cv2.bilateralFilter(gray, 5, 40, 40))
show("sobel", cv2.Sobel(gray, cv2.CV_16S, 1, 0))
show("laplacian", cv2.Laplacian(gray, cv2.CV_16S, ksize=3))
show("erode", cv2.erode(gray, np.ones((3, 3), np.uint8)))
show("dilate", cv2.dilate(gray, np.ones((5, 5), np.uint8), iterations=2))
show("opening", cv2.morphologyEx(gray, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)))
show("threshold", cv2.threshold(gray, 128, 255, cv2.THRESH_BINARY)[1])
show("adaptive", cv2.adaptiveThreshold(gray, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, 11, 2))
show("equalised", cv2.equalizeHist(gray))
show("histogram", cv2.calcHist([gray], [0], None, [64], [0, 256]))
show("flip", cv2.flip(on_device, 1))
show("transpose", cv2.transpose(gray))
show("rotate", cv2.rotate(gray, cv2.ROTATE_90_CLOCKWISE))
show("warp", cv2.warpAffine(gray, np.array([[0.9, 0.1, 3], [-0.1, 1.1, 5]]), (320, 240), flags=cv2.INTER_NEAREST))
show("and", cv2.bitwise_and(gray, cv2.flip(gray, 1)))
show("in range", cv2.inRange(on_device, (20, 30, 40), (200, 210, 220)))
show("pyramid", cv2.pyrDown(gray))
show("integral", cv2.integral(gray))
show("lookup", cv2.LUT(gray, np.arange(255, -1, -1, dtype=np.uint8)))
show("border", cv2.copyMakeBorder(gray, 3, 5, 7, 9, cv2.BORDER_REFLECT))
show("channel", cv2.split(on_device)[1])
show("merged", cv2.merge([gray, gray, cv2.flip(gray, 0)]))
pattern = cv2.UMat(gray.get()[40:56, 60:76].copy())
show("match", cv2.matchTemplate(gray, pattern, cv2.TM_SQDIFF))
print("range:", cv2.minMaxLoc(gray))
print("count:", cv2.countNonZero(cv2.threshold(gray, 100, 255, cv2.THRESH_BINARY)[1]))
print("norm:", cv2.norm(gray, cv2.NORM_L1), "mean:", [round(value, 6) for value in cv2.mean(on_device)])
part = cv2.UMat(on_device, [50, 150], [60, 200])
show("blur of a part", cv2.blur(part, (3, 3)))
