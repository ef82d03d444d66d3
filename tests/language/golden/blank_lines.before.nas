use std.cnn
use papers.darts


ops a = x


ops b = y
cell c {


    nodes 2


    keep 1
    stride 2

}



let k = 3
