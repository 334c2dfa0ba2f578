// The local page's only script: says that it ran, so that whoever loads the page through something can tell.
document.documentElement.dataset.hello = "device";
