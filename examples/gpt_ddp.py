"""A small GPT of characters, trained by several processes: PyTorch's names only.

    python -m rushlight.distributed.run --nproc-per-node 2 examples/gpt_ddp.py --epochs 2
    torchrun --nproc-per-node 2 examples/gpt_ddp.py --epochs 2                 (PyTorch's own)

It reads itself as text, writes a snapshot after each epoch, and goes on from it when it is started
again. Letters: B batch, T time, C channels, H heads, V vocabulary.
"""

import argparse
import math
import os
from dataclasses import asdict, dataclass

import torch
import torch.distributed as dist
from torch import nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel as DDP
from torch.utils.data import DataLoader, Dataset
from torch.utils.data.distributed import DistributedSampler


@dataclass
class Config:
    """The size of the model."""

    vocab: int = 128
    block: int = 32
    layers: int = 2
    heads: int = 4
    width: int = 64
    dropout: float = 0.0


class Characters(Dataset):
    """Windows of a text: (T) characters, and the (T) that follow them."""

    def __init__(self, path, block, stride):
        with open(path, encoding="utf-8") as file:
            codes = [min(ord(c), 127) for c in file.read()]
        self.codes, self.block = torch.tensor(codes), block
        self.starts = range(0, len(codes) - block - 1, stride)

    def __len__(self):
        return len(self.starts)

    def __getitem__(self, i):
        window = self.codes[self.starts[i] : self.starts[i] + self.block + 1]
        return window[:-1], window[1:]


class Block(nn.Module):
    """Attention to what came before, then an MLP."""

    def __init__(self, c):
        super().__init__()
        self.heads = c.heads
        self.norm1, self.norm2 = nn.LayerNorm(c.width), nn.LayerNorm(c.width)
        self.qkv, self.out = nn.Linear(c.width, 3 * c.width), nn.Linear(c.width, c.width)
        self.mlp = nn.Sequential(
            nn.Linear(c.width, 4 * c.width), nn.GELU(), nn.Linear(4 * c.width, c.width)
        )
        self.drop = nn.Dropout(c.dropout)
        mask = torch.tril(torch.ones(c.block, c.block)).view(1, 1, c.block, c.block)
        self.register_buffer("mask", mask)

    def attend(self, x):
        B, T, C = x.shape
        q, k, v = (
            part.view(B, T, self.heads, C // self.heads).transpose(1, 2)  # (B, H, T, C / H)
            for part in self.qkv(x).split(C, dim=2)
        )
        a = q @ k.transpose(-2, -1) / math.sqrt(k.size(-1))  # (B, H, T, T)
        a = a.masked_fill(self.mask[:, :, :T, :T] == 0, float("-inf")).softmax(-1)
        return self.out((a @ v).transpose(1, 2).reshape(B, T, C))

    def forward(self, x):
        x = x + self.drop(self.attend(self.norm1(x)))
        return x + self.drop(self.mlp(self.norm2(x)))


class GPT(nn.Module):
    """Characters (B, T) -> scores (B, T, V), and the loss where targets are given."""

    def __init__(self, c):
        super().__init__()
        self.token, self.place = nn.Embedding(c.vocab, c.width), nn.Embedding(c.block, c.width)
        self.blocks = nn.Sequential(*[Block(c) for _ in range(c.layers)])
        self.norm, self.head = nn.LayerNorm(c.width), nn.Linear(c.width, c.vocab, bias=False)
        self.apply(self.start)

    @staticmethod
    def start(module):
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=0.02)
            if getattr(module, "bias", None) is not None:
                nn.init.zeros_(module.bias)

    def forward(self, x, targets=None):
        places = torch.arange(x.size(1), device=x.device)
        y = self.head(self.norm(self.blocks(self.token(x) + self.place(places))))
        if targets is None:
            return y, None
        return y, F.cross_entropy(y.view(-1, y.size(-1)), targets.reshape(-1))


class Trainer:
    """The loop of one process."""

    def __init__(self, options, config):
        self.rank, self.path = dist.get_rank(), options.snapshot
        torch.manual_seed(1)
        data = Characters(options.text, config.block, options.stride)
        self.sampler = DistributedSampler(data, shuffle=True, drop_last=True)
        self.loader = DataLoader(data, batch_size=options.batch, sampler=self.sampler)
        self.model, self.epoch = GPT(config), 0
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=options.lr)
        self.schedule = torch.optim.lr_scheduler.ExponentialLR(self.optimizer, gamma=0.9)
        if os.path.exists(self.path):
            snapshot = torch.load(self.path, map_location="cpu")
            self.model.load_state_dict(snapshot["model"])
            self.optimizer.load_state_dict(snapshot["optimizer"])
            self.schedule.load_state_dict(snapshot["schedule"])
            self.epoch = snapshot["epoch"]
            print(f"rank {self.rank}: going on after epoch {self.epoch}", flush=True)
        self.model = DDP(self.model)

    def save(self, config):
        snapshot = {
            "model": self.model.module.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "epoch": self.epoch,
            "config": asdict(config),
        }
        torch.save(snapshot, self.path + ".part")
        os.replace(self.path + ".part", self.path)

    def run_epoch(self):
        self.sampler.set_epoch(self.epoch)
        total = torch.zeros(2)
        for x, targets in self.loader:
            _, loss = self.model(x, targets)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
            total += torch.tensor([loss.item(), 1.0])
        dist.all_reduce(total)
        self.schedule.step()
        self.epoch += 1
        return (total[0] / total[1]).item()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--stride", type=int, default=16)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--text", default=__file__)
    parser.add_argument("--snapshot", default="gpt_ddp.pt")
    options = parser.parse_args()
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    config = Config()
    trainer = Trainer(options, config)
    while trainer.epoch < options.epochs:
        loss = trainer.run_epoch()
        if trainer.rank == 0:
            print(f"epoch {trainer.epoch} loss {loss:.6f}", flush=True)
            trainer.save(config)
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
