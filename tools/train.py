"""Train a model from a config; the flags are those of mmpose's tools/train.py."""

from mmpose_temporal.apis import run_training

if __name__ == "__main__":
    run_training()
