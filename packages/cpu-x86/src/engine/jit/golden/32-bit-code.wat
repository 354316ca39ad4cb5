;; 00  8b4508           mov eax, dword ptr [ebp+0x8]
;; 03  89c3             mov ebx, eax
;; 05  0345fc           add eax, dword ptr [ebp-0x4]
;; 08  40               inc eax
;; 09  75f4             jne $-0xa
;; 0b  c3               ret
;; registers named: rax rbx rbp
  (func $unit (type 0) (param i32) (result i32)
    (local i32 i32 i64 i64 i64 i64 i64 i32 i32 i32 i64 i32 i64 i32 i64 i64 i32 i64 i32 i32 i64 i32 i32 i32 i32 i32 i64)
    (local.set 1
      (i32.load offset=5376
        (i32.const 0)))
    (local.set 2
      (i32.load offset=5380
        (i32.const 0)))
    (local.set 3
      (i64.load offset=5384
        (i32.const 0)))
    (local.set 4
      (i64.load offset=4096
        (i32.const 0)))
    (local.set 5
      (i64.load offset=4120
        (i32.const 0)))
    (local.set 6
      (i64.load offset=4128
        (i32.const 0)))
    (local.set 7
      (i64.load offset=4136
        (i32.const 0)))
    (if  ;; label = @1
      (i32.or
        (i32.lt_s
          (local.get 1)
          (i32.const 70))
        (i64.gt_u
          (local.get 3)
          (i64.const 4294963200)))
      (then
        (return
          (i32.const 0))))
    (local.set 14
      (i32.load offset=4240
        (i32.const 0)))
    (local.set 15
      (i64.load offset=4248
        (i32.const 0)))
    (local.set 16
      (i64.load offset=4256
        (i32.const 0)))
    (local.set 17
      (i32.load16_u offset=8
        (local.get 0)))
    (local.set 9
      (local.get 17))
    (block  ;; label = @1
      (block  ;; label = @2
        (block  ;; label = @3
          (block  ;; label = @4
            (block  ;; label = @5
              (br 0 (;@5;)))
            (local.set 17
              (i32.add
                (i32.wrap_i64
                  (local.get 7))
                (i32.const 8)))
            (local.set 18
              (i64.extend_i32_u
                (local.get 17)))
            (local.set 19
              (i32.wrap_i64
                (local.get 18)))
            (local.set 20
              (i32.add
                (i32.and
                  (i32.shr_u
                    (local.get 19)
                    (i32.const 8))
                  (i32.const 16368))
                (local.get 2)))
            (local.set 21
              (i64.load
                (local.get 20)))
            (local.set 22
              (i32.load offset=8
                (local.get 20)))
            (if  ;; label = @5
              (i32.eqz
                (i64.eq
                  (local.get 21)
                  (i64.and
                    (i64.add
                      (local.get 18)
                      (i64.const 3))
                    (i64.const -4096))))
              (then
                (local.set 1
                  (local.get 1))
                (local.set 8
                  (i32.const 2097120))
                (br 4 (;@1;))))
            (local.set 23
              (i32.add
                (local.get 22)
                (local.get 19)))
            (local.set 24
              (i32.load align=1
                (local.get 23)))
            (local.set 4
              (i64.extend_i32_u
                (local.get 24)))
            (local.set 17
              (i32.wrap_i64
                (local.get 4)))
            (local.set 5
              (i64.extend_i32_u
                (local.get 17)))
            (local.set 17
              (i32.wrap_i64
                (local.get 4)))
            (local.set 19
              (i32.add
                (i32.wrap_i64
                  (local.get 7))
                (i32.const -4)))
            (local.set 18
              (i64.extend_i32_u
                (local.get 19)))
            (local.set 20
              (i32.wrap_i64
                (local.get 18)))
            (local.set 22
              (i32.add
                (i32.and
                  (i32.shr_u
                    (local.get 20)
                    (i32.const 8))
                  (i32.const 16368))
                (local.get 2)))
            (local.set 21
              (i64.load
                (local.get 22)))
            (local.set 23
              (i32.load offset=8
                (local.get 22)))
            (if  ;; label = @5
              (i32.eqz
                (i64.eq
                  (local.get 21)
                  (i64.and
                    (i64.add
                      (local.get 18)
                      (i64.const 3))
                    (i64.const -4096))))
              (then
                (local.set 1
                  (local.get 1))
                (local.set 8
                  (i32.const 2097184))
                (br 4 (;@1;))))
            (local.set 24
              (i32.add
                (local.get 23)
                (local.get 20)))
            (local.set 25
              (i32.load align=1
                (local.get 24)))
            (local.set 26
              (i32.add
                (local.get 17)
                (local.get 25)))
            (local.set 4
              (i64.extend_i32_u
                (local.get 26)))
            (local.set 10
              (local.get 17))
            (local.set 12
              (local.get 26))
            (local.set 17
              (i32.wrap_i64
                (local.get 4)))
            (local.set 19
              (i32.add
                (local.get 17)
                (i32.const 1)))
            (local.set 4
              (i64.extend_i32_u
                (local.get 19)))
            (local.set 20
              (i32.lt_u
                (local.get 12)
                (local.get 10)))
            (local.set 10
              (local.get 20))
            (local.set 12
              (local.get 19))
            (if  ;; label = @5
              (i32.eqz
                (i32.eqz
                  (local.get 12)))
              (then
                (local.set 1
                  (local.get 1))
                (local.set 8
                  (i32.const 2097284))
                (br 2 (;@3;))))
            (local.set 1
              (i32.sub
                (local.get 1)
                (i32.const 5)))
            (br 0 (;@4;)))
          (local.set 17
            (i32.wrap_i64
              (local.get 6)))
          (local.set 18
            (i64.extend_i32_u
              (local.get 17)))
          (local.set 19
            (i32.wrap_i64
              (local.get 18)))
          (local.set 20
            (i32.add
              (i32.and
                (i32.shr_u
                  (local.get 19)
                  (i32.const 8))
                (i32.const 16368))
              (local.get 2)))
          (local.set 21
            (i64.load
              (local.get 20)))
          (local.set 22
            (i32.load offset=8
              (local.get 20)))
          (if  ;; label = @4
            (i32.eqz
              (i64.eq
                (local.get 21)
                (i64.and
                  (i64.add
                    (local.get 18)
                    (i64.const 3))
                  (i64.const -4096))))
            (then
              (local.set 1
                (i32.add
                  (local.get 1)
                  (i32.const 5)))
              (local.set 8
                (i32.const 2097280))
              (br 1 (;@3;))))
          (local.set 23
            (i32.add
              (local.get 22)
              (local.get 19)))
          (local.set 24
            (i32.load align=1
              (local.get 23)))
          (local.set 25
            (i32.add
              (local.get 17)
              (i32.const 4)))
          (local.set 27
            (i64.extend_i32_u
              (local.get 24)))
          (local.set 26
            (i32.load offset=4396
              (i32.const 0)))
          (if  ;; label = @4
            (i32.gt_u
              (i32.wrap_i64
                (local.get 27))
              (local.get 26))
            (then
              (i32.store offset=5404
                (i32.const 0)
                (i32.const 13))
              (i32.store offset=5408
                (i32.const 0)
                (i32.const 0))
              (local.set 1
                (i32.add
                  (local.get 1)
                  (i32.const 5)))
              (local.set 8
                (i32.const 2097314))
              (br 1 (;@3;))))
          (local.set 6
            (i64.extend_i32_u
              (local.get 25)))
          (i64.store offset=4232
            (i32.const 0)
            (local.get 27))
          (local.set 1
            (i32.add
              (local.get 1)
              (i32.const 5)))
          (local.set 8
            (i32.const 2097313))
          (br 0 (;@3;))
          (unreachable))
        (local.set 14
          (i32.const 22))
        (local.set 15
          (i64.extend_i32_u
            (local.get 10)))
        (local.set 16
          (i64.extend_i32_s
            (local.get 12)))
        (br 1 (;@1;)))
      (local.set 14
        (i32.const 10))
      (local.set 15
        (i64.extend_i32_s
          (local.get 10)))
      (local.set 16
        (i64.extend_i32_s
          (local.get 12)))
      (br 0 (;@1;)))
    (i32.store offset=5376
      (i32.const 0)
      (local.get 1))
    (i64.store offset=4096
      (i32.const 0)
      (local.get 4))
    (i64.store offset=4120
      (i32.const 0)
      (local.get 5))
    (i64.store offset=4128
      (i32.const 0)
      (local.get 6))
    (i64.store offset=4136
      (i32.const 0)
      (local.get 7))
    (i32.store offset=4240
      (i32.const 0)
      (local.get 14))
    (i64.store offset=4248
      (i32.const 0)
      (local.get 15))
    (i64.store offset=4256
      (i32.const 0)
      (local.get 16))
    (i32.store offset=5396
      (i32.const 0)
      (i32.and
        (local.get 8)
        (i32.const -32)))
    (i32.and
      (local.get 8)
      (i32.const 31)))
  (export "unit" (func 0)))
