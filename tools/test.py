"""Test a model on whole videos; the flags are those of mmpose's tools/test.py."""

from mmpose_temporal.apis import test

if __name__ == "__main__":
    test()
