"""The REST API. It never imports Keras, TensorFlow, Ray or numeric libraries."""
