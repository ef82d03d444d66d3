let width = 16px
