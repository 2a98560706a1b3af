"""What a tensor is: dtype, size, layout, device, storage, the Tensor itself, printing."""
