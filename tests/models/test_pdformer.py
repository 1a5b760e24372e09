"""PDFormer computes what the public model does, and takes what it needs of the graph from its checkpoint."""

import torch
from models.pdformer_vectors import own_inputs, own_parameters, public_model, vectors  # noqa: F401  a fixture

CLOSE = {"rtol": 1e-10, "atol": 1e-10}


def test_outputs_and_gradients_of_the_public_model(vectors):
    model = public_model(vectors)
    values, timestamps = own_inputs(vectors["inputs"])
    values.requires_grad_()
    outputs = model(values, timestamps)
    torch.testing.assert_close(outputs, torch.from_numpy(vectors["outputs"][..., 0]), **CLOSE)
    outputs.square().sum().backward()
    torch.testing.assert_close(values.grad, torch.from_numpy(vectors["grad/inputs"][..., 0]), **CLOSE)
    gradients = {name: parameter.grad for name, parameter in model.named_parameters()}
    expected = own_parameters(vectors, "grad/")
    assert gradients.keys() == expected.keys()
    for name, gradient in gradients.items():
        torch.testing.assert_close(gradient, expected[name], **CLOSE, msg=name)
