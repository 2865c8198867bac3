"""A small gateway between an application, its tools and a model; the sample project of the guide."""
