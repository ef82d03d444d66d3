use papers.darts

data digits

export {
    precision  float16, int8
}
