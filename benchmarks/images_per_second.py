"""ResNet-50 training at 512 pixels: images per second by batch size, forward, backward and update, on a GPU."""

import sys
import time

import torch

from npc.config.loading import compose
from npc.signature.endpoints import Outcome
from npc.signature.module import SignatureModule

if not torch.cuda.is_available():
    sys.exit("images_per_second.py: this machine has no GPU; run the benchmark on a machine with one")
config = compose([])
print(torch.cuda.get_device_name())
for batch_size in (1, 2, 4, 8, 16):
    binary = {"_target_": "npc.signature.endpoints.Binary"}
    model = SignatureModule(dict(config.network), dict(config.optimizer), binary, 1, 1).cuda()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-4, alpha=0.9, eps=1e-7)
    x = torch.rand(batch_size, 1, 1, 512, 512, device="cuda")
    y = torch.ones(batch_size, device="cuda")
    for update in range(25):
        if update == 5:
            torch.cuda.synchronize()
            start = time.perf_counter()
        optimizer.zero_grad()
        model.loss(model.network(x), Outcome(y, y, y)).backward()
        optimizer.step()
    torch.cuda.synchronize()
    print(f"batch size {batch_size:2d}: {20 * batch_size / (time.perf_counter() - start):.0f} images per second")
