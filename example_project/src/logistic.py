"""Logistic regression, fitted by gradient descent."""

import numpy as np


def probabilities(measurements, weights, bias):
    return 1 / (1 + np.exp(-(measurements @ weights + bias)))


def log_loss(labels, predicted):
    predicted = np.clip(predicted, 1e-12, 1 - 1e-12)
    return -np.mean(labels * np.log(predicted) + (1 - labels) * np.log(1 - predicted))


def accuracy(labels, predicted):
    return np.mean((predicted >= 0.5) == (labels == 1))


def roc_auc(labels, predicted):
    """Give the chance that a malignant case is ranked above a benign one (ties count half)."""
    above = predicted[labels == 1][:, None] - predicted[labels == 0][None, :]
    return np.mean((above > 0) + 0.5 * (above == 0))


def fit(measurements, labels, *, l2, learning_rate, epochs):
    """Yield (epoch, weights, bias) after every pass over the rows."""
    weights, bias = np.zeros(measurements.shape[1]), 0.0
    for epoch in range(1, epochs + 1):
        error = probabilities(measurements, weights, bias) - labels
        weights = weights - learning_rate * (measurements.T @ error / len(labels) + l2 * weights)
        bias -= learning_rate * error.mean()
        yield epoch, weights, bias
