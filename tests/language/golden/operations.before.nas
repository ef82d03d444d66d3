op plain=relu
op with_parameters(k,dilation=1,groups=2*(1+1))=conv(k,dilation=dilation,groups=groups)
op skip=identity|when stride 2:factorized_reduce
op pool(k)=max_pool2d(k)->batch_norm
|when derived:max_pool2d(k)|when searching:(max_pool2d(k))->batch_norm
op twice=2*(relu->conv(3)->batch_norm)
op fits_in_100_columns_x_x_xx=add(2 * (relu -> conv(3) -> batch_norm), avg_pool2d(2, padding = 0))
op one_column_too_many_x_x_x_x=add(2 * (relu -> conv(3) -> batch_norm), avg_pool2d(2, padding = 0))
op reduce=relu->concat(conv(1,stride=2,out=C/2),shift(1)->conv(1,stride=2,out=C/2))->batch_norm
op long_variant = relu | when stride 2: relu -> depthwise(3, dilation = 2) -> pointwise -> batch_norm -> relu -> conv(1)
op nested = add(concat(conv(1, stride = 2, out = C / 4), conv(3, stride = 2, out = C / 4), conv(5, stride = 2, out = C / 4)), multiply(conv(1) -> sigmoid, conv(1) -> tanh))
op many_parameters(first_parameter = 1, second_parameter = 2, third_parameter = 3, fourth_parameter = 4) = conv(first_parameter)
