use papers.darts
derive {
    require 4M > params
}
