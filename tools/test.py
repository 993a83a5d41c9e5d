"""Test a model on whole videos; the flags are those of mmpose's tools/test.py."""

from mmpose_temporal.apis import run_testing

if __name__ == "__main__":
    run_testing()
