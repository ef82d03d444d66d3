use "cells.nas

let width = 3
