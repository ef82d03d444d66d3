# Operations that cells of every kind can choose: std.cnn and std.rnn have them from here.

# No connection.
op none = zero
