use networks.imagenet

cell normal { nodes 1; choose skip_connect }
