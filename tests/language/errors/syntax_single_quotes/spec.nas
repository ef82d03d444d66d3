data npz { path 'digits.npz' }
